#include "config/text/moment.h"

#include <doctest/doctest.h>

using namespace switchyard::config;

TEST_CASE("a moment is read as it is written") {
    for (const std::int64_t at : {0LL, 1LL, 951'782'399LL, 951'782'400LL, 1'795'000'000LL, 7'258'118'400LL})
        CHECK(parse_moment(moment_text(at)) == at);
    CHECK(parse_moment("2026-11-20T12:00:00Z") == 1'795'176'000);
    CHECK(parse_moment("2026-11-20T12:00:00.75Z") == 1'795'176'000);
    for (const char* text : {"", "2026-11-20", "2026-11-20T12:00:00", "2026-13-20T12:00:00Z", "2026-02-30T12:00:00Z",
                             "2026-11-20 12:00:00Z", "2026-11-20T24:00:00Z", "2026-11-20T12:60:00Z",
                             "20260-1-20T12:00:00Z", "2026-11-20T12:00:00+01:00", "2026-11-20T-1:00:00Z", "soon"})
        CHECK_MESSAGE(!parse_moment(text), text);
}
