// Shapes that configurations found in the wild have, and that were once carried over wrongly without a word.
#include <doctest/doctest.h>

#include "tests/unit/config/nginx_import/import_fixture.h"

using namespace switchyard::config;

namespace {

const std::string kTwo = "upstream app { server 127.0.0.1:9001; }\nupstream other { server 127.0.0.1:9002; }\n";

NginxImport one_server(const std::string& text) {
    return import_http(kTwo + "server { " + text + " }");
}

// "host/path → upstream or status" of each route.
std::string places(const NginxImport& imported) {
    std::string out;
    for (const Route& route : imported.model.routes) {
        for (const auto& host : route.match.hosts) out += host + " ";
        out += (route.match.path_exact.empty() ? route.match.path_prefix : "=" + route.match.path_exact) + " → ";
        if (route.respond.status != 0) out += std::to_string(route.respond.status);
        if (!route.redirect.to.empty()) out += route.redirect.to;
        if (!route.split.empty()) out += route.split.front().first;
        out += "; ";
    }
    return out;
}

std::string fault_of(const std::string& text) {
    const auto imported = import_text(text);
    return imported.fault ? std::to_string(imported.fault->line) + ": " + imported.fault->what : "none";
}

}  // namespace

TEST_CASE("a name of the default server is not left to the mask of another server") {
    const auto imported = import_http(kTwo +
                                      "server { server_name www.shop.example shop.example; location / { proxy_pass "
                                      "http://app; } }\n"
                                      "server { server_name *.shop.example; location / { proxy_pass http://other; } }");
    CHECK(places(imported) == "www.shop.example / → app; / → app; *.shop.example / → other; ");
}

TEST_CASE("where nginx replaces text and Switchyard segments, it is said") {
    CHECK(notes_of(one_server("location /a/ { proxy_pass http://app/v1; proxy_set_header Host $http_host; }")) ==
          "4 changed: proxy_pass http://app/v1\n");
    CHECK(
        notes_of(one_server("location /a/ { proxy_pass http://app/v1/; proxy_set_header Host $http_host; }")).empty());
    const auto rewritten = [](const std::string& pattern, const std::string& to, const std::string& path) {
        const auto imported = one_server("location " + path + " { rewrite " + pattern + " " + to +
                                         " break; proxy_pass http://app; proxy_set_header Host $http_host; }");
        const Route& route = imported.model.routes.back();
        return route.strip_prefix + "→" + route.replace_prefix + " " + notes_of(imported);
    };
    CHECK(rewritten("^/a/(.*)$", "/$1", "/a/") == "/a→ ");
    CHECK(rewritten("^/a(/.*)$", "$1", "/a/") == "/a→ ");
    CHECK(rewritten("/a/(.*)", "/b/$1", "/a/") == "/a→/b ");
    CHECK(rewritten("^/a/?(.*)$", "/$1", "/a/") == "/a→ ");
    CHECK(rewritten("^/a(.*)$", "/$1", "/a/") == "/a→ 4 changed: rewrite ^/a(.*)$ /$1 break\n");
    CHECK(rewritten("^/a/(.*)$", "/b$1", "/a/") == "/a→/b 4 changed: rewrite ^/a/(.*)$ /b$1 break\n");
    CHECK(rewritten("^/a/(.*)$", "/$1", "/a") ==
          "/a→ 4 changed: rewrite ^/a/(.*)$ /$1 break\n4 changed: location /a\n");
}

TEST_CASE("a rewrite of the whole server is not taken for one of its locations") {
    const auto imported = one_server("rewrite ^/a/(.*)$ /$1 break; location /a/ { proxy_pass http://app; }");
    CHECK(imported.model.routes.back().strip_prefix.empty());
    CHECK(notes_of(imported).starts_with("4 lost: rewrite"));
}

TEST_CASE("cookies and parameters keep the case in which they are written, the host is tested without its port") {
    const auto imported = import_http(
        kTwo +
        "map $cookie_JSESSIONID $a { default app; ~.+ other; }\nmap $arg_Debug $b { default $a; 1 other; }\n"
        "map $Host $c { default $b; B.example other; }\nserver { location / { proxy_pass http://$c; } }");
    CHECK(
        routes_of(imported).find(
            R"("when":{"any":[{"host":"b.example"},{"query":"Debug","equals":"1"},{"cookie":"JSESSIONID","matches":".+"}]})") !=
        std::string::npos);
}

TEST_CASE("try_files of the server leads to its named location, which inherits from the server alone") {
    const auto rails = one_server(
        "root /srv/public; try_files $uri/index.html $uri @app; "
        "location @app { proxy_set_header Host $http_host; proxy_pass http://app; }");
    CHECK(places(rails) == "/ → app; ");
    CHECK(notes_of(rails) == "4 lost: root /srv/public\n4 changed: try_files $uri/index.html $uri @app\n");
    const auto django = one_server(
        "location / { add_header X-Root 1 always; try_files $uri @app; } location @app { proxy_pass http://app; }");
    CHECK(django.model.routes.at(0).response_headers.add.empty());
}

TEST_CASE("an internal location is closed to clients") {
    const auto imported =
        one_server("location = /auth { internal; proxy_pass http://other; } location / { proxy_pass http://app; }");
    CHECK(places(imported) == "=/auth → 404; / → app; ");
}

TEST_CASE("what a location by regular expression refuses is refused") {
    CHECK(notes_of(one_server("location ~ /\\.ht { deny all; } location / { return 204; }")).empty());
}

TEST_CASE("what stands beside a redirect that is left out is named") {
    const auto imported =
        import_http(kTwo +
                    "server { listen 80; server_name a; location /files/ { root /var/www; }\n"
                    "location / { return 301 https://$host$request_uri; } }\n"
                    "server { listen 443 ssl; server_name a; location / { proxy_pass http://app; proxy_set_header Host "
                    "$http_host; } }");
    CHECK(notes_of(imported) == "4 changed: server\n4 lost: location /files/\n6 lost: listen 443 ssl\n");
}

TEST_CASE("what follows a return inside an if is named") {
    CHECK(notes_of(
              one_server("location / { if ($request_method = OPTIONS) { return 204; add_header A b; } return 200; }"))
              .starts_with("4 lost: add_header A b\n"));
}

TEST_CASE("headers: $host has no port, a second of the name is named, and so is who is believed") {
    const auto imported = one_server(
        "location / { proxy_pass http://app; proxy_set_header Host $host; proxy_set_header x-a 1; proxy_set_header X-A "
        "2; proxy_set_header Authorization $http_authorization; proxy_set_header X-Forwarded-Proto "
        "$http_x_forwarded_proto; }");
    CHECK(imported.model.routes.at(0).request_headers.set ==
          std::map<std::string, std::string>{{"Host", "{host}"}, {"x-a", "1"}});
    CHECK(notes_of(imported) ==
          "4 lost: proxy_set_header X-A 2\n4 changed: proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto\n");
    const auto sockets =
        one_server("location / { proxy_pass http://unix:/run/a.sock; proxy_set_header Host $proxy_host; }");
    CHECK(sockets.model.routes.at(0).request_headers.set.at("Host") == "localhost");
}

TEST_CASE("upstreams with hosts of their own cannot each get theirs from one route") {
    const auto imported = one_server(
        "set $u http://a.internal; if ($http_x = 1) { set $u http://b.internal:80; } location / { proxy_pass $u; }");
    CHECK(imported.model.routes.at(0).request_headers.set.at("Host") == "a.internal");
    CHECK(notes_of(imported) == "4 changed: proxy_pass $u\n");
}

TEST_CASE("proxy_cookie_flags become flags of cookies, but for expressions and variables") {
    const auto flags = [](const std::string& words) {
        const auto imported =
            import_http("upstream app { server 10.0.0.1:80; }\nserver { location / { proxy_set_header Host $host; " +
                        words + " proxy_pass http://app; } }");
        std::string out;
        for (const auto& one : imported.model.routes.at(0).answers.cookie_flags) {
            out += one.cookie + ":";
            for (const auto& flag : one.flags) out += " " + flag;
            out += "; ";
        }
        return out + notes_of(imported);
    };
    CHECK(flags("proxy_cookie_flags id secure SameSite=Lax; proxy_cookie_flags ~ httponly;") ==
          "id: secure samesite=lax; : httponly; ");
    CHECK(flags("proxy_cookie_flags off;").empty());
    CHECK(flags("proxy_cookie_flags ~^a secure;") == "3 lost: proxy_cookie_flags ~^a secure\n");
    CHECK(flags("proxy_cookie_flags $x secure;") == "3 lost: proxy_cookie_flags $x secure\n");
    CHECK(flags("proxy_cookie_flags id secure nosecure;") == "3 lost: proxy_cookie_flags id secure nosecure\n");
}

TEST_CASE("a second limit_req in one place is named, and tunnels get the read timeout") {
    const auto imported = import_http(
        kTwo +
        "limit_req_zone $binary_remote_addr zone=a:1m rate=5r/s;\nlimit_req_zone $http_x zone=b:1m rate=7r/s;\n"
        "server { location / { limit_req zone=a; limit_req zone=b; proxy_read_timeout 1d; proxy_pass http://app; "
        "proxy_set_header Host $http_host; } }");
    CHECK(notes_of(imported) == "6 lost: limit_req zone=b\n6 changed: limit_req zone=a\n");
    CHECK(imported.model.routes.at(0).limits.rate.requests == 5);
    CHECK(imported.model.routes.at(0).timeouts.tunnel_idle == 24h);
}

TEST_CASE("fixed answers have the type of their extension") {
    const auto imported = one_server(
        "types { text/plain txt; application/json json; } default_type application/octet-stream;"
        "location = /robots.txt { return 200 x; } location = /b.json { return 200 x; } location = /c { return 200 x; "
        "}");
    std::string types;
    for (const Route& route : imported.model.routes) types += route.respond.content_type + " ";
    CHECK(types == "text/plain application/json application/octet-stream ");
}

TEST_CASE("a forgotten semicolon is a fault with its line, as in nginx") {
    const std::string open = "events {}\nhttp { server {\n";
    CHECK(fault_of(open + "location / { proxy_pass http://127.0.0.1:1\nproxy_set_header Host $host; } } }") ==
          "3: \"proxy_pass http://127.0.0.1:1 proxy_set_header Host $host\" has 4 words after its name, expected 1");
    CHECK(fault_of(open + "server_name a\nlocation / { return 204; } } }") ==
          "3: \"server_name a location /\" is not ended by ';'");
    CHECK(fault_of(open + "location / { proxy_pass http://a; proxy_pass http://b; } } }") ==
          "3: \"proxy_pass\" is there twice in one block");
    CHECK(fault_of(open + "location /; } }") == "3: \"location /\" has no opening '{'");
}

TEST_CASE("braces in the texts and comments of Lua are not its blocks") {
    const auto imported = import_http(
        "init_by_lua_block { local a = \"}\\\"\" -- it's {\n local b = [=[ }]] ]=] --[[ } ]] local c = t['}'] local d "
        "= {[1]=2} "
        "}\nserver { location / { content_by_lua_block { ngx.say('{') } } }");
    CHECK(places(imported) == "/ → 501; ");
}
