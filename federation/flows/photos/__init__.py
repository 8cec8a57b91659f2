"""The photographs of the forms: taken in, fetched from partners, handed on, removed."""
