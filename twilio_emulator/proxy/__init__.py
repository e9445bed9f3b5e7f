"""Let clients that know only https://*.twilio.com reach the emulator, unmodified.

The emulator's port is also an HTTP proxy.  `CONNECT taskrouter.twilio.com:443` opens a tunnel
that ends in this process: the connection turns into TLS with a certificate for that host, signed
by the emulator's own authority, and the same application answers.  `GET http://…` with a whole
address works as well.  Any other host is refused, so nothing ever leaves the machine.

`authority` keeps the certificate authority, `certificates` makes certificates, `targets` decides
what may be asked for, `tunnel` carries the handshake out, `environment` writes the variables that
clients read, `bundle` the file of certificates they are to trust.
"""
