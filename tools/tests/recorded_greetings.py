"""What real servers sent as their greeting, byte for byte."""

from __future__ import annotations

MARIADB_GREETING = (
    b"d\x00\x00\x00\n5.5.5-10.11.19-MariaDB-0+deb12u1\x00\xea\x00\x00\x00;Trd|da8\x00\xfe\xf7-\x02"
    b"\x00\xff\x81\x15\x00\x00\x00\x00\x00\x00\x1d\x00\x00\x0024L`~zhzMP+#\x00"
    b"mysql_native_password\x00"
)
MYSQL_GREETING = (
    b"K\x00\x00\x00\n9.7.4-2\x00\xac\x00\x00\x00x8\ny\x19VG\x07\x00\xff\xff\xff\x02\x00\xff\xdf\x15"
    b'\x00\x00\x00\x00\x00\x00\x00\x00\x00\x009F\t\x1d"\x1b\x05n\x1a#nB\x00'
    b"caching_sha2_password\x00"
)
MYSQL_OK = b"\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00"
MYSQL_DENIED = b"\x1b\x00\x00\x02\xff\x15\x04#28000Access denied here"
POSTGRESQL_WELCOME = (
    b"R\x00\x00\x00\x08\x00\x00\x00\x00S\x00\x00\x00\x16application_name\x00\x00"
    b"S\x00\x00\x002server_version\x0015.20 (Debian 15.20-0+deb12u1)\x00"
    b'K\x00\x00\x00\x0c\x00\x00B\xfd2_-"Z\x00\x00\x00\x05I'
)
POSTGRESQL_WANTS_PASSWORD = b"R\x00\x00\x00\x17\x00\x00\x00\nSCRAM-SHA-256\x00\x00"
# The beginning of its answer to INFO, which has forty more lines.
_REDIS_FACTS = (
    b"# Server\r\nredis_version:7.0.15\r\nredis_git_sha1:00000000\r\nredis_git_dirty:0\r\n"
    b"redis_build_id:84ae4d7c971a948f\r\nredis_mode:standalone\r\n"
)
REDIS_WELCOME = b"$%d\r\n%s\r\n" % (len(_REDIS_FACTS), _REDIS_FACTS)
REDIS_WANTS_PASSWORD = b"-NOAUTH Authentication required.\r\n"
REDIS_LOADING = b"-LOADING Redis is loading the dataset in memory\r\n"
