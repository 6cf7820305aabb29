#include <doctest/doctest.h>

#include <set>
#include <string>

#include "proxy/base/failure.h"

using namespace switchyard;

TEST_CASE("every failure has exactly one row, at its own place") {
    REQUIRE(kFailureTable.size() == kFailures);
    for (std::size_t i = 0; i < kFailures; ++i) {
        CAPTURE(i);
        CHECK(static_cast<std::size_t>(kFailureTable[i].failure) == i);
        CHECK(&traits(kFailureTable[i].failure) == &kFailureTable[i]);
    }
}

TEST_CASE("a row does not contradict itself") {
    const std::set<std::string> flags{
        "no_route",     "no_endpoint",   "connect_failed", "reset",   "timeout",    "client_closed", "bad_request",
        "bad_response", "overflow",      "internal",       "drained", "shortage",   "loop",          "misdirected",
        "tls_failed",   "tls_untrusted", "denied",         "no_file", "files_busy", "file_failed",   "held"};
    for (const auto& row : kFailureTable) {
        CAPTURE(static_cast<int>(row.failure));
        if (row.failure == Failure::none) {
            CHECK(row.source == Source::none);
            CHECK(row.status == 0);
            CHECK(row.flag.empty());
            continue;
        }
        // What a folder has no answer for is an answer all the same, and nothing's fault.
        const bool of_files = row.failure == Failure::no_file || row.failure == Failure::bad_range ||
                              row.failure == Failure::precondition;
        CHECK((row.source == Source::none) == of_files);
        CHECK(flags.contains(std::string(row.flag)));
        // Who is answered is told why; who is gone is not.
        CHECK((row.status == 0) == row.detail.empty());
        CHECK((row.status == 0 || (row.status >= 400 && row.status <= 599)));
        // Only endpoints are blamed, and only what happened at one can be tried at another: or where another may have a
        // kept connection, or ports left, when this side has none for the first.
        if (row.blames_endpoint) CHECK(row.source == Source::upstream);
        if (row.retry != Retry::never) CHECK((row.source == Source::upstream || row.failure == Failure::shortage));
        if (row.failure == Failure::shortage) CHECK((row.retry == Retry::nothing_sent && !row.blames_endpoint));
        // The client's own faults are 4xx, ours and the endpoint's are 5xx, but for what HTTP has numbers of its own.
        const bool numbered = row.failure == Failure::bad_version || row.failure == Failure::unknown_coding ||
                              row.failure == Failure::loop;
        if (row.status != 0 && !of_files) CHECK((row.status < 500) == (row.source == Source::downstream && !numbered));
    }
}
