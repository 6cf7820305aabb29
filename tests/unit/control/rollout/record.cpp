#include "control/rollout/record.h"

#include <doctest/doctest.h>

using namespace switchyard::control::rollout;

TEST_CASE("every kind of record survives the journal") {
    for (std::size_t kind = 0; kind <= static_cast<std::size_t>(Record::Kind::closed); ++kind) {
        Record record;
        record.kind = static_cast<Record::Kind>(kind);
        record.step = 3;
        record.weight = 250'000;
        record.by = "ci";
        record.why = "because \"quotes\"\nand lines";
        record.at = "2026-11-20T12:00:00.000001Z";
        if (kind % 2 == 0) record.detail = {{"ln_e", 7.5}};
        CAPTURE(word(record.kind));
        const auto read = parse_record(to_json(record).dump());
        REQUIRE(read);
        CHECK(*read == record);
    }
}

TEST_CASE("what is no record is not taken for one") {
    for (const char* line : {"", "{", "[]", "{}", R"({"kind":3})", R"({"kind":"exploded"})", "null"}) {
        CAPTURE(line);
        CHECK_FALSE(parse_record(line));
    }
    CHECK(parse_record(R"({"kind":"step","weight_ppm":99999999999})")->weight == kWhole);
}
