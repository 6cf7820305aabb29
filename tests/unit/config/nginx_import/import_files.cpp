#include <doctest/doctest.h>

#include "tests/unit/config/nginx_import/import_fixture.h"

using namespace switchyard::config;

namespace {

// "place → folder, fallback; " of each route; a status where it is none of files.
std::string files(const std::string& server) {
    const auto imported = import_http("upstream app { server 127.0.0.1:9001; }\nserver { " + server + " }");
    std::string out;
    for (const Route& route : imported.model.routes) {
        out += (route.match.path_exact.empty() ? route.match.path_prefix : "=" + route.match.path_exact) + " → ";
        const StaticFiles& of = route.static_files;
        if (of.on())
            out += (of.root.empty() ? "alias " : "") + of.folder() + (of.fallback.empty() ? "" : " " + of.fallback);
        else
            out += route.split.empty() ? std::to_string(route.respond.status) : "app";
        out += "; ";
    }
    return out;
}

}  // namespace

TEST_CASE("folders of locations are files of routes") {
    CHECK(files("location / { root /srv/www; }") == "/ → /srv/www; ");
    CHECK(files("root /srv/www/; location / { try_files $uri $uri/ =404; } location /api { proxy_pass http://app; }") ==
          "/ → /srv/www; /api → app; ");
    CHECK(files("root /srv; location / { try_files $uri $uri/ /index.html; }") == "/ → /srv /index.html; ");
    CHECK(files("root /srv; location / { try_files $uri /index.html?$args; }") == "/ → /srv /index.html; ");
    CHECK(files("location /static/ { alias /srv/assets/; expires 30d; }") == "/static/ → alias /srv/assets; ");
    CHECK(files("root /srv; location = /robots.txt { access_log off; }").starts_with("=/robots.txt → /srv; "));
    CHECK(files("root /srv; try_files $uri /index.html;") == "/ → /srv /index.html; ");
}

TEST_CASE("what comes with them comes along") {
    const auto imported = import_http(
        "server { root /srv; index index.htm index.html; gzip_static on; error_page 404 /404.html; location = "
        "/404.html { internal; }\n"
        "location / { expires 1h; add_header X-Frame-Options DENY; } location /.well-known/ { default_type text/plain; "
        "} }");
    const Route* site = nullptr;
    for (const Route& route : imported.model.routes)
        if (route.static_files.on() && route.match.path_prefix == "/") site = &route;
    REQUIRE(site != nullptr);
    CHECK(site->static_files.index == std::vector<std::string>{"index.htm", "index.html"});
    CHECK(site->static_files.precompressed == std::vector<Encoding>{Encoding::gzip});
    CHECK(site->expires == "1h");
    CHECK(site->error_pages == ErrorPages{{"404", "/srv/404.html"}});
    CHECK_FALSE(site->static_files.dot_files);
    for (const Route& route : imported.model.routes)
        if (route.match.path_prefix.starts_with("/.well")) CHECK(route.static_files.dot_files);
}

TEST_CASE("what asks for more than files is none of them") {
    CHECK(files("root /srv; location / { try_files $uri $uri/ /index.php?$args; }") == "/ → 501; ");
    CHECK(files("root /srv; location / { try_files /maintenance.html $uri; }") == "/ → 501; ");
    CHECK(files("root /srv/$host; location / { }") == "/ → 501; ");
    CHECK(files("location / { root /srv; fastcgi_pass unix:/f; }") == "/ → 501; ");
    CHECK(files("location / { root /srv; autoindex on; }") == "/ → 501; ");
    CHECK(files("root /srv; location / { try_files $uri @app; } location @app { proxy_pass http://app; }") ==
          "/ → app; ");
    CHECK(files("location / { deny all; root /srv; }") == "/ → 403; ");
}

TEST_CASE("what nginx would begin anew with belongs to the location that takes it") {
    const std::string site = "root /srv; location / { try_files $uri /members/index.html; } ";
    CHECK(files(site) == "/ → /srv /members/index.html; ");
    CHECK(files(site + "location /members/ { deny all; }") == "/ → 501; /members/ → 403; ");
    CHECK(files(site + "location ~ ^/members { deny all; }").starts_with("/ → 501; "));
    CHECK(files(site + "location ~* \\.(js|css)$ { expires 1y; }").starts_with("/ → /srv /members/index.html; "));
    CHECK(files("root /srv; index index.php index.html; location / { try_files $uri $uri/ =404; }") == "/ → 501; ");
    CHECK(files("root /srv; index index.html; location / { } location = /index.html { deny all; }")
              .starts_with("/ → 501; "));
    CHECK(files("root /srv; location / { } location /lua { content_by_lua_block { } }").find("/lua → 501") !=
          std::string::npos);
    CHECK(files("root /srv; location / { rewrite_by_lua_file /login.lua; }") == "/ → 501; ");
}

TEST_CASE("limits of a location limit its files") {
    const auto imported = import_http(
        "limit_req_zone $binary_remote_addr zone=z:10m rate=5r/s;\n"
        "server { location / { root /srv; limit_req zone=z nodelay; } }");
    REQUIRE(imported.model.routes.size() == 1);
    CHECK(imported.model.routes[0].static_files.on());
    CHECK(imported.model.routes[0].limits.rate.requests != 0);
}

TEST_CASE("what guards a folder guards its files, or they are closed") {
    CHECK(files("location / { auth_basic x; auth_basic_user_file /f; root /srv; }") == "/ → 403; ");
    const auto imported = import_http("server { location / { deny 10.0.0.1; allow all; root /srv; } }");
    REQUIRE(imported.model.routes.size() == 1);
    const Route& route = imported.model.routes[0];
    CHECK(route.static_files.on());
    CHECK((!route.access.deny.empty() || (!route.rules.empty() && route.rules[0].deny == 403)));
}
