# postinst of ssl-cert
addgroup --quiet --system ssl-cert
chown root:ssl-cert /etc/ssl/private
chmod 0710 /etc/ssl/private
make-ssl-cert generate-default-snakeoil

# postinst of postgresql-common and postgresql-15
adduser --system --quiet --home /var/lib/postgresql --no-create-home --shell /bin/bash --group postgres
adduser --quiet postgres ssl-cert
mkdir -p /var/lib/postgresql /var/log/postgresql
chown postgres:postgres /var/lib/postgresql /etc/postgresql
chown root:postgres /var/log/postgresql
chmod 1775 /var/log/postgresql
install -d -m 2775 -o postgres -g postgres /var/run/postgresql
sed "s/^ssl =.*/ssl = on/" /usr/share/postgresql-common/createcluster.conf > /etc/postgresql-common/createcluster.conf
pg_createcluster --locale C.UTF-8 15 main
