#include <doctest/doctest.h>

#include <algorithm>

#include "config/check/validate.h"
#include "tests/unit/config/nginx_import/import_fixture.h"

using namespace switchyard::config;

namespace {

const std::string kApp = "upstream app { server 127.0.0.1:9001; }\n";

// Name, hosts, path and destination of each route: enough to see what matches what.
std::string summary(const NginxImport& imported) {
    std::string out;
    for (const Route& route : imported.model.routes) {
        out += route.name + ":";
        for (const auto& host : route.match.hosts) out += " " + host;
        for (const auto& method : route.match.methods) out += " " + method;
        out += route.match.path_exact.empty() ? " " + route.match.path_prefix : " =" + route.match.path_exact;
        if (!route.strip_prefix.empty()) out += " (" + route.strip_prefix + "→" + route.replace_prefix + ")";
        out += " → ";
        if (!route.redirect.to.empty()) out += std::to_string(route.redirect.status) + " " + route.redirect.to;
        if (route.respond.status != 0) out += std::to_string(route.respond.status);
        for (const auto& [upstream, weight] : route.split) out += upstream;
        out += "\n";
    }
    return out;
}

std::string servers(const std::string& text) {
    return summary(import_http(kApp + text));
}
std::string locations(const std::string& text) {
    return servers("server {" + text + "}");
}

}  // namespace

TEST_CASE("listens become listeners, each address once") {
    const auto imported = import_http(
        "server { listen 80; listen [::]:80; listen 127.0.0.1:8080; listen unix:/run/web.sock; return 204; }\n"
        "server { listen *:80; server_name b; return 204; }\nserver { listen localhost; server_name c; return 204; }");
    std::string text;
    for (const auto& listener : imported.model.listeners) text += listener.name + "=" + listener.bind.text() + " ";
    CHECK(text ==
          "port-80=0.0.0.0:80 80=[::]:80 127.0.0.1-8080=127.0.0.1:8080 unix-run-web.sock=unix:/run/web.sock "
          "localhost-80=localhost:80 ");
    const auto tls = import_http("server { listen 443 ssl http2; ssl_certificate /c; return 204; }");
    CHECK(notes_of(tls) == "2 lost: listen 443 ssl http2\n2 lost: ssl_certificate /c\n");
    const auto clear = import_http("server { listen 80 http2; return 204; }");
    CHECK(notes_of(clear).empty());
    CHECK(clear.model.listeners[0].protocols == std::vector<std::string>{"h2", "http/1.1"});
}

TEST_CASE("http2 on and off, for a server and for all of them") {
    const auto protocols = [](const std::string& text) {
        std::string out;
        for (const auto& listener : import_http(text).model.listeners) {
            out += listener.name + "=";
            for (const auto& one : listener.protocols) out += one + ",";
            out += " ";
        }
        return out;
    };
    CHECK(protocols("server { listen 80; http2 on; return 204; } server { listen 81; return 204; }") ==
          "port-80=h2,http/1.1, port-81= ");
    CHECK(protocols("http2 on; server { listen 80; return 204; } server { listen 81; http2 off; return 204; }") ==
          "port-80=h2,http/1.1, port-81= ");
    const std::string tls = "ssl_certificate /a; ssl_certificate_key /k; return 204; }";
    CHECK(protocols("server { listen 443 ssl http2; " + tls) == "port-443= ");
    CHECK(protocols("server { listen 443 ssl; http2 on; " + tls) == "port-443= ");
    CHECK(protocols("server { listen 443 ssl; http2 off; " + tls) == "port-443=http/1.1, ");
    CHECK(protocols("server { listen 80; return 204; } server { listen 80; server_name b; http2 on; return 204; }") ==
          "port-80=h2,http/1.1, ");
}

TEST_CASE("settings of clients' connections") {
    const auto imported = import_http(
        "keepalive_timeout 75s;\nclient_header_timeout 5s;\nset_real_ip_from 10.0.0.0/8;\nreal_ip_header "
        "X-Forwarded-For;\n"
        "server { listen 80 proxy_protocol; return 204; }");
    const Listener& listener = imported.model.listeners.at(0);
    CHECK(listener.idle_timeout == 75s);
    CHECK(listener.head_timeout == 5s);
    CHECK(listener.trusted_proxies == std::vector<std::string>{"10.0.0.0/8"});
    CHECK(listener.proxy_protocol);
}

TEST_CASE("whose PROXY header names the client") {
    const auto listener = [](const std::string& words) {
        return import_http(words + "\nserver { listen 80 proxy_protocol; return 204; }").model.listeners.at(0);
    };
    const auto named = listener("set_real_ip_from 10.0.0.0/8; set_real_ip_from unix:; real_ip_header proxy_protocol;");
    CHECK(named.proxy_protocol);
    CHECK(named.proxy_protocol_from == std::vector<std::string>{"10.0.0.0/8", "unix"});
    CHECK(named.trusted_proxies.empty());
    // What one server guards by the header is not opened by another one at the address, whichever comes first.
    const std::string open = "server { listen 80 proxy_protocol; server_name a; return 204; }\n",
                      guarded =
                          "server { listen 80 proxy_protocol; server_name b; set_real_ip_from 10.0.0.5; "
                          "real_ip_header proxy_protocol; allow 192.168.0.0/16; deny all; return 204; }\n";
    for (const auto& both : {open + guarded, guarded + open})
        CHECK(import_http(both).model.listeners.at(0).proxy_protocol_from == std::vector<std::string>{"10.0.0.5"});

    const auto all = import_http("server { listen 80 proxy_protocol; return 204; }");
    CHECK(all.model.listeners.at(0).proxy_protocol_from.empty());
    CHECK(notes_of(all) == "2 changed: listen 80 proxy_protocol\n");
    // Said by the second server of an address.
    const auto second = import_http(
        "set_real_ip_from 10.0.0.1; real_ip_header proxy_protocol;\n"
        "server { listen 80; server_name a; return 204; } server { listen 80 proxy_protocol; server_name b; return "
        "204; }");
    CHECK(second.model.listeners.at(0).proxy_protocol_from == std::vector<std::string>{"10.0.0.1"});
}

TEST_CASE("the only server takes any host; with several, the default one does") {
    CHECK(servers("server { server_name a.example; location / { proxy_pass http://app; } }") == "a.example: / → app\n");
    CHECK(servers("server { server_name a.example; location / { proxy_pass http://app; } }\n"
                  "server { server_name b.example *.b.example; location / { return 204; } }") ==
          "a.example: / → app\nb.example: b.example *.b.example / → 204\n");
    CHECK(servers("server { server_name a.example; location / { proxy_pass http://app; } }\n"
                  "server { listen 80 default_server; server_name _; return 444; }") ==
          "a.example: a.example / → app\ndefault: / → 403\n");
    CHECK(servers("server { server_name .a.example; location / { proxy_pass http://app; } }\n"
                  "server { server_name .B.example; location / { proxy_pass http://app; } }") ==
          "a.example: / → app\nb.example: b.example *.b.example / → app\n");
}

TEST_CASE("paths without a location do not fall through to the default server") {
    CHECK(servers("server { server_name a; location / { proxy_pass http://app; } }\n"
                  "server { server_name b; location /api/ { proxy_pass http://app; } }") ==
          "a: / → app\nb-api-slash: b =/api → 301 /api/?{query}\nb-api: b /api/ → app\nb: b / → 404\n");
}

TEST_CASE("a server that redirects to https is left out where another serves the host by TLS") {
    const std::string tls = "listen 443 ssl; location / { proxy_pass http://app; } }\n";
    // The order of the two, names or none, a return in the server or in its location: the same.
    CHECK(servers("server { listen 80; server_name a.example; return 301 https://$host$request_uri; }\nserver { "
                  "server_name a.example; " +
                  tls) == "a.example: / → app\n");
    CHECK(servers("server { server_name _; " + tls +
                  "server { listen 80 default_server; server_name _; return 301 https://$host$request_uri; }") ==
          "default: / → app\n");
    CHECK(servers("server { listen 80; location / { return 301 https://$host$request_uri; } location /.well-known/ { "
                  "root /x; } }\n"
                  "server { server_name a.example; " +
                  tls) == "a.example: / → app\n");
    CHECK(servers("server { listen 80; rewrite ^ https://$host$request_uri? permanent; }\nserver { " + tls) ==
          "default: / → app\n");
    // What no TLS server serves is still redirected.
    CHECK(servers(
              "server { server_name a.example; " + tls +
              "server { listen 80; server_name a.example www.a.example; return 301 https://a.example$request_uri; }") ==
          "a.example: / → app\nwww.a.example: www.a.example / → 301 https://a.example{path}?{query}\n");
    // Without TLS anywhere it is a redirect like any other.
    CHECK(servers("server { listen 80; server_name a.example; return 301 https://$host$request_uri; }") ==
          "a.example: / → 301 https://{host}{path}?{query}\n");
    // As certbot writes it.
    CHECK(servers("server { server_name a.example; " + tls +
                  "server { if ($host = a.example) { return 301 https://$host$request_uri; } listen 80; server_name "
                  "a.example; "
                  "return 404; }")
              .starts_with("a.example: / → app\n"));
    const auto imported = import_http(
        "upstream app { server h:1; }\nserver { listen 80; return 301 https://$host$request_uri; }\n"
        "server { listen 443 ssl; location / { proxy_pass http://app; } }");
    CHECK(notes_of(imported).find("3 changed: server\n") != std::string::npos);
}

TEST_CASE("each address has a default server of its own") {
    CHECK(servers("server { listen 80; server_name _; return 444; }\nserver { listen 8080; location / { proxy_pass "
                  "http://app; } }") == "default: / → 403\ndefault-2: / → app\n");
}

TEST_CASE("locations by prefix and exact path") {
    CHECK(locations("location / { proxy_pass http://app; } location = /health { return 200 ok; } "
                    "location ^~ /static { proxy_pass http://app; } location =/x { return 204; }") ==
          "default: / → app\ndefault-health: =/health → 200\ndefault-static: /static → app\ndefault-x: =/x → 204\n");
    const auto imported =
        import_http(kApp +
                    "server { location / { proxy_pass http://app; }\nlocation ~ \\.php$ { proxy_pass http://app; }\n"
                    "location ~* ^/img { root /x; } }");
    CHECK(summary(imported) == "default: / → app\ndefault-.php: / → app\ndefault-img: / → 501\n");
    CHECK(notes_of(imported).find("5 lost: location ~* ^/img\n") != std::string::npos);
}

TEST_CASE("a prefix with and without its slash are two places") {
    CHECK(locations("location /api/ { proxy_pass http://app; } location /api { return 204; }") ==
          "default-api: /api/ → app\ndefault-api-2: =/api → 204\n");
}

TEST_CASE("the URL of a proxy_pass replaces the prefix of its location") {
    CHECK(locations("location /api/ { proxy_pass http://app/; } location /api { return 204; }")
              .starts_with("default-api: /api/ (/api→) → app\n"));
    CHECK(locations("location /api/ { proxy_pass http://app/v2/; } location /api { return 204; }")
              .starts_with("default-api: /api/ (/api→/v2) → app\n"));
    CHECK(locations("location /api { proxy_pass http://app/v2; }") == "default-api: /api (/api→/v2) → app\n");
    CHECK(locations("location /api { proxy_pass http://app/; }") == "default-api: /api (/api→) → app\n");
    CHECK(locations("location / { proxy_pass http://app/base/; }") == "default: / (/→/base/) → app\n");
    CHECK(locations("location /same/ { proxy_pass http://app/same/; } location /same {return 204;}")
              .starts_with("default-same: /same/ → app\n"));
    CHECK(
        locations(
            "location /old/ { rewrite ^/old/(.*)$ /new/$1 break; proxy_pass http://app; } location /old {return 204;}")
            .starts_with("default-old: /old/ (/old→/new) → app\n"));
    CHECK(locations("location / { set $u app; proxy_pass http://$u$request_uri; }") == "default: / → app\n");
}

TEST_CASE("proxy_pass to an address makes an upstream of it") {
    const auto imported = import_http(
        "server { location / { proxy_pass http://127.0.0.1:3000; }\n"
        "location /b { proxy_pass http://127.0.0.1:3000; }\n"
        "location /c { proxy_pass http://Api.Example.com/x; } location /d { proxy_pass http://unix:/run/d.sock:/y; } "
        "}");
    CHECK(summary(imported) ==
          "default: / → 127.0.0.1-3000\ndefault-b: /b → 127.0.0.1-3000\n"
          "default-c: /c (/c→/x) → Api.Example.com\ndefault-d: /d (/d→/y) → unix-run-d.sock\n");
    CHECK(imported.model.upstreams.at("Api.Example.com").endpoints.at(0).address.text() == "api.example.com:80");
    CHECK(imported.model.routes.at(2).request_headers.set.at("Host") == "Api.Example.com");
}

TEST_CASE("return") {
    CHECK(locations("return 301 https://new.example$request_uri;") ==
          "default: / → 301 https://new.example{path}?{query}\n");
    CHECK(locations("return https://new.example;") == "default: / → 302 https://new.example\n");
    CHECK(locations("return 302 $scheme://www.a.example$uri;") == "default: / → 302 http://www.a.example{path}\n");
    CHECK(locations("rewrite ^ https://b.example$request_uri? permanent;") ==
          "default: / → 301 https://b.example{path}?{query}\n");
    CHECK(locations("rewrite ^/(.*)$ https://b.example/$1 redirect;") ==
          "default: / → 302 https://b.example{path}?{query}\n");
    CHECK(locations("location / { return 410; } location /t { default_type text/html; return 200 '<b>'; }") ==
          "default: / → 410\ndefault-t: /t → 200\n");
    const auto text =
        import_http("server { location / { add_header Content-Type application/json; return 200 '{\"ok\":true}'; } }");
    CHECK(text.model.routes.at(0).respond == Respond{200, "{\"ok\":true}", "application/json"});
    CHECK(locations("location / { if ($request_method = DELETE) { return 405; } proxy_pass http://app; }") ==
          "default-DELETE: DELETE / → 405\ndefault: / → app\n");
}

TEST_CASE("what Switchyard cannot serve answers 501 and does not fall through") {
    const auto imported =
        import_http(kApp +
                    "server { location / { proxy_pass http://app; }\nlocation /php/ { fastcgi_pass unix:/f; }\n"
                    "location /files/ { root /srv/$host; } location /gone { } }");
    CHECK(summary(imported) ==
          "default: / → app\ndefault-php: /php/ → 501\ndefault-files: /files/ → 501\ndefault-gone: /gone → 501\n"
          "default-gone-2: / → 501\n");
    CHECK(notes_of(imported).find("lost: fastcgi_pass unix:/f") != std::string::npos);
    CHECK(notes_of(imported).find("lost: root /srv") != std::string::npos);
}

TEST_CASE("deny all is carried over, what asks for a name is closed and noted loudly") {
    CHECK(locations("location /private/ { deny all; } location = /a { deny all; proxy_pass http://app; }") ==
          "default-private: /private/ → 403\ndefault-a: =/a → 403\n");
    const auto imported = import_http(
        kApp + "server { location / {\nallow 10.0.0.0/8;\ndeny all;\nauth_basic x;\nproxy_pass http://app; } }");
    CHECK(summary(imported) == "default: / → 403\n");
    CHECK(notes_of(imported).find("6 lost: auth_basic x\n") != std::string::npos);
}

TEST_CASE("a location inside another has its access rules, and not what is set or returned there") {
    CHECK(locations("location /a { return 404; location /a/b { proxy_pass http://app; } }") ==
          "default-a: /a → 404\ndefault-a-b: /a/b → app\ndefault-a-2: / → 404\n");
    CHECK(locations("location /a { set $u gone; proxy_pass http://app; location /a/b { proxy_pass http://$u; } } set "
                    "$u app;") == "default-a: /a → app\ndefault-a-b: /a/b → app\n");
    CHECK(locations("location /a { deny all; location /a/b { proxy_pass http://app; } }") ==
          "default-a: /a → 403\ndefault-a-b: /a/b → 403\ndefault-a-b-2: /a → 403\ndefault-a-2: / → 403\n");
    CHECK(locations("location /a { deny all; location /a/b { allow all; proxy_pass http://app; } }") ==
          "default-a: /a → 403\ndefault-a-b: /a/b → app\ndefault-a-2: / → 403\n");
}

TEST_CASE("where a prefix ends is noted") {
    for (const std::string inside : {"proxy_pass http://app;", "return 200 ok;"}) {
        CAPTURE(inside);
        const auto notes = notes_of(import_http(kApp + "server {\nlocation /a { " + inside + " } }"));
        CHECK(notes.find("4 changed: location /a\n") != std::string::npos);
    }
}

TEST_CASE("limit_req becomes a rate limit of the route") {
    const auto imported = import_http(
        kApp +
        "limit_req_zone $binary_remote_addr zone=login:10m rate=5r/m;\n"
        "limit_req_zone $http_x_api_key zone=api:10m rate=10r/s;\nlimit_req_zone $scheme$host zone=odd:1m rate=1r/s;\n"
        "server { location /login { limit_req zone=login burst=4 nodelay; proxy_pass http://app; }\n"
        "location /api { limit_req zone=api; proxy_pass http://app; }\n"
        "location /odd { limit_req zone=odd; proxy_pass http://app; }\n"
        "location /none { limit_req zone=none; proxy_pass http://app; } }");
    const auto& routes = imported.model.routes;
    CHECK(routes.at(0).limits.rate == RateLimit{{}, 5, 1min, 5});
    CHECK(routes.at(1).limits.rate == RateLimit{{Key::Source::header, "X-Api-Key"}, 10, 1s, 1});
    CHECK(routes.at(2).limits.rate == RateLimit{});
    CHECK(routes.at(3).limits.rate == RateLimit{});
    CHECK(notes_of(imported).find("8 lost: limit_req zone=odd\n") != std::string::npos);
    CHECK(notes_of(imported).find("9 lost: limit_req zone=none\n") != std::string::npos);
}

TEST_CASE("try_files that ends in a named location leads there") {
    CHECK(locations("root /srv; location / { try_files $uri @app; } location @app { proxy_pass http://app; }") ==
          "default: / → app\n");
}

TEST_CASE("headers") {
    const auto imported = import_http(
        kApp +
        "proxy_set_header X-Outer 1;\nserver {\nadd_header X-Frame-Options DENY always;\nproxy_hide_header "
        "X-Powered-By;\n"
        "location / {\nproxy_set_header Host $host;\nproxy_set_header X-Real-IP $remote_addr;\n"
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\nproxy_set_header X-Env prod;\nproxy_set_header "
        "Cookie \"\";\n"
        "proxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection upgrade;\nproxy_set_header X-Where "
        "\"$host $request_uri\";\n"
        "proxy_set_header X-Pid $pid;\nproxy_set_header X-Braces \"{client}\";\nproxy_pass http://app; } }");
    const Route& route = imported.model.routes.at(0);
    CHECK(route.request_headers.set ==
          std::map<std::string, std::string>{
              {"Host", "{host}"}, {"X-Env", "prod"}, {"X-Real-IP", "{client}"}, {"X-Where", "{host} {target}"}});
    // Endpoints believe what nginx writes: where it is not carried over no client may say it instead.
    CHECK(route.request_headers.remove == std::vector<std::string>{"Cookie", "X-Pid", "X-Braces"});
    CHECK(route.response_headers.add == std::map<std::string, std::string>{{"X-Frame-Options", "DENY"}});
    CHECK(route.response_headers.remove == std::vector<std::string>{"X-Powered-By"});
    CHECK(notes_of(imported) ==
          "10 changed: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for\n16 lost: proxy_set_header X-Pid "
          "$pid\n17 lost: proxy_set_header X-Braces {client}\n");
}

TEST_CASE("what clients say of themselves is not kept as nginx keeps it, and that is said") {
    const auto imported =
        import_http(kApp +
                    "server { location / {\nproxy_set_header X-Real-IP $http_x_real_ip;\nproxy_set_header "
                    "X-Forwarded-Prefix $http_x_forwarded_prefix;\nproxy_set_header X-Forwarded-Port "
                    "$server_port;\nproxy_set_header X-Own $http_x_own;\nproxy_pass http://app; } }");
    CHECK(imported.model.routes.at(0).request_headers == HeaderEdits{});
    const auto notes = notes_of(imported);
    CHECK(notes.find("changed: proxy_set_header X-Real-IP $http_x_real_ip") != notes.npos);
    CHECK(notes.find("changed: proxy_set_header X-Forwarded-Prefix") != notes.npos);
    CHECK(notes.find("X-Own") == notes.npos);
    CHECK(notes.find("X-Forwarded-Port") == notes.npos);
}

TEST_CASE("fixed answers get the headers that nginx gives them") {
    const auto of = [](const std::string& location) {
        return import_http("server {\nadd_header X-A 1;\nadd_header X-B 2 always;\n" + location + " }")
            .model.routes.at(0)
            .response_headers.add;
    };
    const std::map<std::string, std::string> both{{"X-A", "1"}, {"X-B", "2"}};
    CHECK(of("location / { return 200 ok; }") == both);
    CHECK(of("location / { return 301 https://$host$request_uri; }") == both);
    CHECK(of("location / { return 404; }") == std::map<std::string, std::string>{{"X-B", "2"}});
}

TEST_CASE("a file without http block is read as its inside") {
    const auto imported = import_text("server { listen 8080; location / { proxy_pass http://127.0.0.1:1; } }");
    REQUIRE_FALSE(imported.fault);
    CHECK(summary(imported) == "default: / → 127.0.0.1-1\n");
}

TEST_CASE("no directive is dropped without a note") {
    // Every directive here is one that the importer has never heard of: each must be named.
    const auto imported = import_text(
        "top_thing a;\nhttp {\nhttp_thing b;\nhttp_block c { inner d; }\nupstream app {\nserver h:1;\nupstream_thing "
        "e;\n}\n"
        "server {\nserver_thing f;\nlocation / {\nlocation_thing g;\nproxy_pass http://app;\n"
        "if ($http_x) {\nif_thing h;\n}\n}\n}\n}\n");
    std::string lines;
    for (const Note& note : imported.notes)
        if (note.kind == Note::Kind::lost) lines += std::to_string(note.line) + " ";
    CHECK(lines == "1 3 4 7 10 12 15 ");
}
