// limit_req and limit_conn: how much at once, and how long something is held back.
#include <doctest/doctest.h>

#include "tests/unit/config/nginx_import/import_fixture.h"

using namespace switchyard::config;

namespace {

NginxImport with_limit(const std::string& zones, const std::string& limits) {
    return import_http("upstream app { server 10.0.0.1:80; }\n" + zones +
                       "\nserver { location / { proxy_set_header Host $host; " + limits +
                       " proxy_pass http://app; } }");
}

}  // namespace

TEST_CASE("limit_req holds back what is ahead of its rate, as nginx does, but for nodelay and what delay lets pass") {
    const auto rate = [](const std::string& words, const std::string& per = "10r/s") {
        return with_limit("limit_req_zone $binary_remote_addr zone=a:1m rate=" + per + ";",
                          "limit_req zone=a" + words + ";")
            .model.routes.at(0)
            .limits.rate;
    };
    CHECK(rate("") == RateLimit{{}, 10, std::chrono::seconds(1), 1, 0});
    CHECK(rate(" burst=20") == RateLimit{{}, 10, std::chrono::seconds(1), 21, 1});
    CHECK(rate(" burst=20 delay=8") == RateLimit{{}, 10, std::chrono::seconds(1), 21, 9});
    CHECK(rate(" burst=20 delay=20") == RateLimit{{}, 10, std::chrono::seconds(1), 21, 0});
    CHECK(rate(" burst=20 nodelay") == RateLimit{{}, 10, std::chrono::seconds(1), 21, 0});
    // No request is held back for an hour.
    CHECK(rate(" burst=100", "1r/m") == RateLimit{{}, 1, std::chrono::minutes(1), 101, 0});
    const auto long_wait =
        with_limit("limit_req_zone $binary_remote_addr zone=a:1m rate=1r/m;", "limit_req zone=a burst=9;");
    CHECK(notes_of(long_wait) == "4 changed: limit_req zone=a burst=9\n4 changed: limit_req zone=a burst=9\n");
}

TEST_CASE("limit_conn becomes how many requests there are at once: of a client, of another key, or of all") {
    const auto imported =
        with_limit("limit_conn_zone $binary_remote_addr zone=addr:1m; limit_conn_zone $server_name zone=all:1m;",
                   "limit_conn addr 10; limit_conn all 500;");
    const auto& limits = imported.model.routes.at(0).limits;
    CHECK(limits.concurrent == ConcurrencyLimit{{}, 10});
    CHECK(limits.in_flight == 500);
    CHECK(notes_of(imported) == "4 changed: limit_conn addr 10\n4 changed: limit_conn all 500\n");
    const auto by_header = with_limit("limit_conn_zone $http_x_key zone=k:1m;", "limit_conn k 3;");
    CHECK(by_header.model.routes.at(0).limits.concurrent == ConcurrencyLimit{{Key::Source::header, "X-Key"}, 3});
}

TEST_CASE("a limit_conn that has no counterpart is named") {
    const auto notes = [](const std::string& zones, const std::string& limits) {
        const auto imported = with_limit(zones, limits);
        CHECK(imported.model.routes.at(0).limits ==
              Limits{.body = 1U << 20U, .in_flight = 0, .concurrent = {}, .rate = {}});
        return notes_of(imported);
    };
    CHECK(notes("", "limit_conn addr 10;") == "4 lost: limit_conn addr 10\n");
    CHECK(notes("limit_conn_zone $scheme$host zone=odd:1m;", "limit_conn odd 10;") == "4 lost: limit_conn odd 10\n");
    const auto twice = with_limit("limit_conn_zone $binary_remote_addr zone=a:1m; limit_conn_zone $http_x zone=b:1m;",
                                  "limit_conn a 10; limit_conn b 5;");
    CHECK(twice.model.routes.at(0).limits.concurrent == ConcurrencyLimit{{}, 10});
    CHECK(notes_of(twice) == "4 changed: limit_conn a 10\n4 lost: limit_conn b 5\n");
}
