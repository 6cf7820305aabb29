#include "control/net/http_request.h"

#include <doctest/doctest.h>

using namespace switchyard::control::net;

TEST_CASE("where a URL's server is, and what it is called there") {
    struct Row {
        const char* url;
        bool secure;
        const char *host, *port, *said;
    };
    for (const Row& row :
         {Row{"http://a.example", false, "a.example", "80", "a.example"},
          Row{"https://a.example/v1/x:y", true, "a.example", "443", "a.example"},
          Row{"https://a.example:8443/", true, "a.example", "8443", "a.example:8443"},
          Row{"http://[::1]", false, "::1", "80", "[::1]"}, Row{"http://[::1]:81", false, "::1", "81", "[::1]:81"}}) {
        CAPTURE(row.url);
        const auto place = HttpPlace::of(row.url);
        CHECK(place.secure == row.secure);
        CHECK(place.host == row.host);
        CHECK(place.port == row.port);
        CHECK(place.said == row.said);
    }
}

TEST_CASE("a call as it is said: its own Host and User-Agent in place of ours, a length where there may be a body") {
    HttpCall call;
    CHECK(request_text(call, "a") == "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: switchyard\r\n\r\n");
    call.method = "POST";
    CHECK(request_text(call, "a").ends_with("\r\nContent-Length: 0\r\n\r\n"));
    call.headers = {{"host", "b"}, {"User-Agent", "check"}};
    call.body = "{}";
    CHECK(request_text(call, "a") == "POST / HTTP/1.1\r\nhost: b\r\nUser-Agent: check\r\nContent-Length: 2\r\n\r\n{}");
}
