# postinst of nginx-common
chown root:adm /var/log/nginx
chmod 0755 /var/log/nginx
for log in access error; do
  touch /var/log/nginx/$log.log
  chmod 0640 /var/log/nginx/$log.log
  chown www-data:adm /var/log/nginx/$log.log
done
ln -s /etc/nginx/sites-available/default /etc/nginx/sites-enabled/default
mkdir -p /var/www/html
cp /usr/share/nginx/html/index.html /var/www/html/index.nginx-debian.html

# A site with encryption, and one for uploads, as an administrator would add them.
mkdir -p /srv/uploads
chown www-data:www-data /srv/uploads
mkdir -m 0700 /etc/nginx/tls
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 7300 -subj /CN=localhost \
  -keyout /etc/nginx/tls/localhost.key -out /etc/nginx/tls/localhost.pem 2> /dev/null
chmod 0600 /etc/nginx/tls/localhost.key
cat > /etc/nginx/sites-available/encrypted <<'SITE'
server {
    listen 443 ssl;
    server_name localhost;
    ssl_certificate /etc/nginx/tls/localhost.pem;
    ssl_certificate_key /etc/nginx/tls/localhost.key;
    root /var/www/html;
    location / { try_files $uri $uri/ =404; }
    location /app/ { proxy_pass http://127.0.0.1:8000/; }
}
SITE
ln -s /etc/nginx/sites-available/encrypted /etc/nginx/sites-enabled/encrypted
