"""What every test starts from."""

import signal

# A shell that runs the tests in the background has them ignore Ctrl-C, and so would every
# process they start: tests of an interrupted command need the usual disposition.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
