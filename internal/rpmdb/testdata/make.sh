#!/bin/sh
# Makes the databases in this folder with rpm and Berkeley DB's own tools (Debian: apt-get install rpm db-util).
# Run it in this folder. Packages are made here too, so that nothing of anybody's is in them.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for name in ward-alpha ward-beta ward-gamma; do
  case $name in ward-alpha) epoch=1 version=3.0.7;; ward-beta) epoch=0 version=1.2.11;; *) epoch=0 version=2.34;; esac
  cat > "$work/$name.spec" <<SPEC
Name: $name
Epoch: $epoch
Version: $version
Release: 27.el9
Summary: A package to read again
License: MIT
Source: none
%description
A package to read again.
%package libs
Summary: Its libraries
%description libs
Its libraries.
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/usr/lib64
echo x > %{buildroot}/usr/bin/$name
for i in \$(seq 1 120); do echo \$i > %{buildroot}/usr/lib64/lib$name-\$i.so; done
%files
/usr/bin/$name
%files libs
/usr/lib64/*
SPEC
  touch "$work/none"
  rpmbuild --quiet -bb --define "_topdir $work" --define "_sourcedir $work" --define "_build_id_links none" \
    --define "_buildhost example" --define "use_source_date_epoch_as_buildtime 1" --target x86_64 "$work/$name.spec"
done
rpm --define "_db_backend sqlite" --dbpath "$work/sqlite" --initdb
rpm --define "_db_backend sqlite" --dbpath "$work/sqlite" --ignorearch --ignoreos --nodeps --justdb --noscripts \
  -i "$work"/RPMS/*/*.rpm
cp "$work/sqlite/rpmdb.sqlite" rpmdb.sqlite
# Debian's rpm is built without ndb, so the same headers are laid out as rpm's lib/backend/ndb/rpmpkg.c does.
python3 - "$work/sqlite/rpmdb.sqlite" Packages.db <<'PY'
import sqlite3, struct, sys, zlib
rows = sqlite3.connect(sys.argv[1]).execute("SELECT hnum, blob FROM Packages").fetchall()
slots, blobs, at = [], b"", 4096 // 16
for number, blob in rows:
    body = b"BlbS" + struct.pack("<III", number, 1, len(blob)) + blob
    body += bytes(-(len(body) + 12) % 16)
    body += struct.pack("<II", zlib.adler32(body), len(blob)) + b"BlbE"
    slots.append((number, at, len(body) // 16))
    blobs, at = blobs + body, at + len(body) // 16
slots += [(0, 0, 0)] * (4096 // 16 - 2 - len(slots))
with open(sys.argv[2], "wb") as out:
    out.write(b"RpmP" + struct.pack("<IIIIIII", 0, 1, 1, 0, 0, 0, 0))
    for slot in slots:
        out.write(b"Slot" + struct.pack("<III", *slot))
    out.write(blobs)
PY
# rpm no longer writes Berkeley DB, so its own tool loads the same headers, under the numbers that rpm gave them.
python3 - "$work/sqlite/rpmdb.sqlite" > "$work/dump" <<'PY'
import sqlite3, struct, sys
print("VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=4096\nHEADER=END")
rows = sqlite3.connect(sys.argv[1]).execute("SELECT hnum, blob FROM Packages").fetchall()
for number, blob in [(0, struct.pack("<I", len(rows)))] + rows:
    print(" " + struct.pack("<I", number).hex() + "\n " + blob.hex())
print("DATA=END")
PY
db_load -f "$work/dump" "$work/Packages"
cp "$work/Packages" Packages
gzip -9n -f rpmdb.sqlite Packages.db Packages
ls -l
