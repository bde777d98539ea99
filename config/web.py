"""How gunicorn serves Baton; every value can be overridden on its command line or by GUNICORN_CMD_ARGS."""

from __future__ import annotations

import os

from config.environment import read

bind = f"127.0.0.1:{read().port}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
# Loaded once and forked: the workers share its pages, and a wrong setting ends the master with its sentence.
preload_app = True
timeout = 60
graceful_timeout = 4
keepalive = 15
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108 - gunicorn's heartbeat file
control_socket_disable = True
loglevel = "warning"
proc_name = "baton-web"
