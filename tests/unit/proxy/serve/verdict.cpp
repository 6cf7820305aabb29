#include "proxy/serve/verdict.h"

#include <doctest/doctest.h>

#include <string>

using namespace switchyard;
using serve::verdict_of;

namespace {

std::string words(const serve::Verdict& verdict) {
    std::string out;
    if (verdict.says_nothing) out += "nothing ";
    if (verdict.stale) out += "stale ";
    if (verdict.unreachable) out += "unreachable ";
    if (verdict.failed) out += "failed ";
    return out;
}

}  // namespace

TEST_CASE("what an attempt says about its endpoint, by what it came to") {
    struct Row {
        Failure failure;
        std::uint16_t status;
        const char* words;
    };
    const Row rows[] = {
        {Failure::none, 200, ""},
        {Failure::none, 404, ""},
        {Failure::none, 499, ""},
        {Failure::none, 500, "failed "},
        {Failure::none, 503, "failed "},
        {Failure::connect_failed, 0, "unreachable failed "},
        {Failure::connect_timeout, 0, "unreachable failed "},
        {Failure::reset, 0, "unreachable failed "},
        {Failure::response_timeout, 0, "unreachable failed "},
        {Failure::bad_response, 200, "unreachable failed "},
        {Failure::truncated, 200, "unreachable failed "},
        {Failure::reused_closed, 0, "stale "},
        {Failure::reused_unread, 0, "stale "},
        {Failure::reused_reset, 0, "stale unreachable failed "},
        {Failure::refused_stream, 0, "nothing "},
        {Failure::client_closed, 0, "nothing "},
        {Failure::client_closed, 200, "nothing "},
        {Failure::body_timeout, 0, "nothing "},
        {Failure::shortage, 0, "nothing "},
        {Failure::drained, 0, "nothing "},
    };
    for (const Row& row : rows) {
        CAPTURE(static_cast<int>(row.failure));
        CAPTURE(row.status);
        CHECK(words(verdict_of(row.failure, row.status)) == row.words);
    }
}

TEST_CASE("whoever is unreachable has failed, and what says nothing blames nobody") {
    for (std::size_t i = 0; i < kFailures; ++i) {
        const auto verdict = verdict_of(static_cast<Failure>(i), 0);
        CAPTURE(i);
        CHECK((!verdict.unreachable || verdict.failed));
        CHECK((!verdict.says_nothing || !verdict.failed));
        CHECK((!verdict.says_nothing || !verdict.stale));
    }
}
