"""The reading queue: which photographs of forms wait to be read, and what is read.

Rule: what waits follows from the map (`records/readingqueue.py`) and from what people
of ours have answered; nobody is offered what another reads now. What is read becomes a
record of ours through the door of every other (`flows/ownlog`), which credits whose
photograph it is.

    answers    what is answered to who asks for the queue
    waiting    what waits, in which order
    table      the same as rows
    export     all of it in one stream
    offer      which form somebody gets next
    sources    the records whose photographs a form is read from; our own word on it
    form       the fields of a form, and what was typed into them
    decision   what becomes of a reading: a record, or a question back
"""
