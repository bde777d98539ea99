"""The demonstration company: Meridian Instruments, a made-up maker of laboratory equipment."""
