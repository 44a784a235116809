# postinst of redis-tools and redis-server
adduser --system --home /var/lib/redis --quiet --group redis
folder() {
  mkdir -p "$1"
  chown "redis:$3" "$1"
  chmod "$2" "$1"
}
folder /var/log/redis 2750 adm
folder /var/lib/redis 750 redis
folder /etc/redis 2770 redis
chown redis:redis /etc/redis/redis.conf
chmod 0640 /etc/redis/redis.conf
ln -s /usr/lib/systemd/system/redis-server.service /etc/systemd/system/redis.service

# What an administrator would add: the socket, and the log of all changes.
cat >> /etc/redis/redis.conf <<'SETTINGS'
unixsocket /run/redis/redis-server.sock
unixsocketperm 770
appendonly yes
SETTINGS
