"""The emulator's own routes: status, reset, request journal, faults and the clock."""
