#include "control/rollout/url.h"

#include <doctest/doctest.h>

using switchyard::control::rollout::Url;

TEST_CASE("a URL is taken apart into what is connected to and what is asked for") {
    struct Row {
        const char* text;
        const char* host;
        unsigned port;
        const char* target;
    };
    for (const Row& row : {Row{"http://127.0.0.1:9002/readyz", "127.0.0.1", 9002, "/readyz"},
                           {"http://example.org", "example.org", 80, "/"},
                           {"http://[::1]:81/a/b?c=d", "::1", 81, "/a/b?c=d"},
                           {"http://[::1]", "::1", 80, "/"},
                           {"http://h?deep=1", "h", 80, "/?deep=1"},
                           {"http://h/x#part", "h", 80, "/x"},
                           {"https://h/x", "h", 443, "/x"},
                           {"https://[::1]:9443/x", "::1", 9443, "/x"}}) {
        CAPTURE(row.text);
        const auto url = Url::parse(row.text);
        REQUIRE(url.has_value());
        CHECK(url->host == row.host);
        CHECK(url->port == row.port);
        CHECK(url->target == row.target);
        CHECK(std::string(row.text).starts_with(std::string(url->scheme()) + "://"));
    }
}

TEST_CASE("what could not be asked is refused with the reason and an example") {
    for (const char* text :
         {"", "h", "ftp://h/", "https:/h/", "HTTP//h", "http://", "http:///x", "http://:80/", "http://h:/",
          "http://h:0/", "http://h:65536/", "http://h:8x/", "http://h:-1/", "http://[::1/", "http://]/", "http://a@b/",
          "http://h/\r\nX: y", "http://h/a b", "http://h\x7f/"}) {
        CAPTURE(text);
        std::string why;
        CHECK_FALSE(Url::parse(text, &why).has_value());
        CHECK(why.find("expected a URL") == 0);
        CHECK(why.find("such as http://127.0.0.1:9002/readyz") != std::string::npos);
    }
}
