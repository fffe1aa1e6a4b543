URL={public_url}
call()   { where=$1; shift; curl -sS -w '  %{http_code}\n' -H 'content-type: application/json' "$@" "$URL$where"; }
pick()   { answer=$(cat); printf '%s\n' "$answer" >&2
           printf '%s\n' "$answer" | sed -n 's/.*"'"$1"'": *"\([^"]*\)".*/\1/p'; }
mailed() { until curl -sS "$URL/dev/mail?format=json&to=$1" | grep -o "$2?token=[A-Za-z0-9_-]*"; do sleep 1; done |
           sed -n '1s/.*=//p'; }
title()  { printf '\n\033[1m%s\033[0m\n' "$1"; }

title '1. You, the developer: an account, an application, a key for its server'
DEVELOPER='{"email": "dev@example.com", "password": "quiet-lanterns-over-wool"}'
call /v1/portal/developers/signup -d "$DEVELOPER"
PORTAL=$(call /v1/portal/developers/login -d "$DEVELOPER" | pick access_token)
portal() { call "/v1/portal$@" -H "authorization: Bearer $PORTAL"; }
APP=$(portal /applications -d '{"name": "Bookshop", "environment": "development"}' | pick app_id)
KEY=$(portal "/applications/$APP/api-keys" -d '{"label": "server", "type": "secret"}' | pick key)
auth()   { call "/v1/auth$@" -H "x-app-id: $APP" -H "x-api-key: $KEY"; }

title '2. A user signs up with your application; the token from the mail proves the address'
curl -sS -X DELETE "$URL/dev/mail"
auth /signup -d '{"email": "ada@example.com", "password": "nine-otters-drink-tea"}'
TOKEN=$(mailed ada@example.com verify-email)
auth /email/verify/confirm -d '{"token": "'"$TOKEN"'"}'

title '3. Log in, refresh, ask who it is, and let your server check the access token'
REFRESH=$(auth /login -d '{"email": "ada@example.com", "password": "nine-otters-drink-tea"}' | pick refresh_token)
ACCESS=$(auth /refresh -d '{"refresh_token": "'"$REFRESH"'"}' | pick access_token)
auth /me -H "authorization: Bearer $ACCESS"
auth /introspect -d '{"token": "'"$ACCESS"'"}'

title '4. The password is forgotten: another mail, a new password, and every session is over'
auth /password/reset/request -d '{"email": "ada@example.com"}'
TOKEN=$(mailed ada@example.com reset-password)
auth /password/reset/confirm -d '{"token": "'"$TOKEN"'", "password": "ten-badgers-bake-bread"}'
auth /introspect -d '{"token": "'"$ACCESS"'"}'

title '5. Log in with the new password, and out again'
REFRESH=$(auth /login -d '{"email": "ada@example.com", "password": "ten-badgers-bake-bread"}' | pick refresh_token)
auth /logout -d '{"refresh_token": "'"$REFRESH"'"}'
