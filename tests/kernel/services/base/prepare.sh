# What base-passwd, base-files, libc-bin and an installer leave behind.
umask 000
[ -e /dev/null ] || mknod /dev/null c 1 3
umask 022
cp /usr/share/base-passwd/passwd.master /etc/passwd
cp /usr/share/base-passwd/group.master /etc/group
cp /usr/share/libc-bin/nsswitch.conf /etc/nsswitch.conf
chmod 0644 /etc/passwd /etc/group /etc/nsswitch.conf
echo guest > /etc/hostname
printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n127.0.1.1\tguest\n' > /etc/hosts
ln -sf /usr/share/zoneinfo/Etc/UTC /etc/localtime
echo Etc/UTC > /etc/timezone
ln -sf dash /usr/bin/sh
mkdir -p /run/lock /run/systemd/journal /srv /home /tmp
[ ! -d /var/run ] || cp -a /var/run/. /run/
rm -rf /var/run /var/lock
ln -s /run /var/run
ln -s /run/lock /var/lock
ldconfig
