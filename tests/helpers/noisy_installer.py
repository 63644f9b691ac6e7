"""Stands in for the worst installer: a flood of lines, progress by carriage returns, bytes that are no UTF-8, one line
of a megabyte, then silence. Usage: python noisy_installer.py LINES SECONDS_OF_SILENCE
"""

import sys
import time

lines, silence = int(sys.argv[1]), float(sys.argv[2])
out = sys.stdout.buffer
for number in range(lines):
    out.write(b"%06d  torch/lib/a_file_with_a_name_of_common_length.so  its sha256 is right\n" % number)
for done in range(2000):
    out.write(b"\rtorch: %d %% (%d of 2000 MB)" % (done // 20, done))
out.write(b"\n")
for number in range(200):
    out.write(b"broken \xff\xfe\xc3 bytes %d\n" % number)
out.write(b"x" * 1_000_000 + b"\n")
out.write(b"now it is quiet\n")
out.flush()
time.sleep(silence)
out.write(b"it goes on\n")
out.flush()
