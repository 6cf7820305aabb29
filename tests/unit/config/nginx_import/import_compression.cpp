#include <doctest/doctest.h>

#include "config/check/validate.h"
#include "tests/unit/config/nginx_import/import_fixture.h"

using namespace switchyard::config;

namespace {

// What becomes of these, said in http, in a location that sends on.
NginxImport compression(const std::string& http, const std::string& location = {}) {
    return import_http(http + "\nupstream app { server 127.0.0.1:9001; }\nserver { location / { " + location +
                       " proxy_pass http://app; proxy_set_header Host $http_host; } }");
}

Compress compress_of(const NginxImport& imported) {
    return imported.model.routes.at(0).compress;
}

}  // namespace

TEST_CASE("gzip becomes compress of the routes that send on") {
    const auto imported = compression(
        "gzip on; gzip_comp_level 5; gzip_min_length 1k; gzip_types text/css application/json TEXT/html; gzip_vary on; "
        "gzip_proxied any; gzip_disable msie6;");
    const Compress compress = compress_of(imported);
    CHECK(compress.encodings == std::vector<Encoding>{Encoding::gzip});
    CHECK(compress.types == std::vector<std::string>{"text/html", "text/css", "application/json"});
    CHECK(compress.min_size == 1024);
    CHECK(compress.gzip_level == 5);
    CHECK(notes_of(imported).empty());
    CHECK(validate(imported.model).empty());
}

TEST_CASE("what is not said is as in nginx") {
    const Compress compress = compress_of(compression("gzip on;"));
    CHECK(compress.types == std::vector<std::string>{"text/html"});
    CHECK(compress.min_size == 20);
    CHECK(compress.gzip_level == 1);
    CHECK_FALSE(compress_of(compression("")).on());
    CHECK_FALSE(compress_of(compression("gzip_types text/css;")).on());
}

TEST_CASE("a location says otherwise") {
    CHECK_FALSE(compress_of(compression("gzip on;", "gzip off;")).on());
    const auto imported = compression("gzip on; gzip_types text/css;", "gzip_types *;");
    CHECK(compress_of(imported).types == std::vector<std::string>{"*"});
}

TEST_CASE("brotli comes before gzip, and a level that is too much work is lowered") {
    const auto imported = compression("gzip on; gzip_types a/b; brotli on; brotli_comp_level 11; brotli_types c/d;");
    const Compress compress = compress_of(imported);
    CHECK(compress.encodings == std::vector<Encoding>{Encoding::brotli, Encoding::gzip});
    CHECK(compress.brotli_level == 6);
    CHECK(compress.types == std::vector<std::string>{"text/html", "c/d", "a/b"});
    CHECK(notes_of(imported) == "2 changed: brotli_comp_level 11\n");
}

TEST_CASE("what has no counterpart is told") {
    CHECK(notes_of(compression("gzip on; gzip_proxied expired;")) == "2 changed: gzip_proxied expired\n");
    CHECK(notes_of(compression("gzip on; gzip_static on;")) == "2 lost: gzip_static on\n");
}
