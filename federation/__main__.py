"""`python -m federation`: the same as the command `federation`."""

if __name__ == "__main__":
    # Not above: a verifying process imports this module, too, and needs no command.
    from federation.cli import main

    main()
