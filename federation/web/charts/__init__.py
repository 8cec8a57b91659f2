"""Charts as SVG, drawn by the node: data in, places of lines and rectangles out.

Rule: pure functions; a drawing holds numbers and words, `templates/charts.html` writes
them as SVG, escaped as everything else, and the style sheet has all colours, light and
dark. Nothing is told by colour alone, and each drawing stands above its table.

    frame     the field that is drawn in, its ticks
    lines     how figures grew: one line for each organisation
    bars      shares of wholes, one under another
    spans     what lies between two ends, with a mark, one under another
    columns   how often each of ten digits stands there, beside what is expected
    within    one figure beside the same one of many made-up counts
    cells     how many stations lie in each cell of two shares
    dots      each station by two shares
"""
