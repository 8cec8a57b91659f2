"""What a node holds, as files: for a stick, for any web server, for the archive.

readable       what is handed over of the logs, the same over HTTP and in a file
items          every (path, bytes) of a selection, sorted
photos         the photographs that go with records, and to whom
folder         a static site, written beside what readers are reading
place          where it is written, of which there are two
outputfolder   a folder: files that are whole from the moment they are there
outputbucket   a bucket: nothing is written over unseen
mapfiles       the map as objects, made where it changed
beside         what stands in such a place beside the records
excerpt        a region's records, each with its proof
forkfolder     proofs that an organisation signed two histories, as a small folder
trust          the trust file: whose signatures count, and how many are enough
"""
