#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "control/base/digest.h"
#include "control/base/file_bytes.h"
#include "control/base/problem.h"
#include "control/base/timestamp.h"
#include "tests/unit/control/store/scratch_dir.h"

using namespace switchyard::control;

TEST_CASE("SHA-256 of the standard's own example") {
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256_base64("abc") == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
}

TEST_CASE("secrets compare as equal only when they are") {
    CHECK(equal_in_constant_time("abc", "abc"));
    CHECK_FALSE(equal_in_constant_time("abc", "abd"));
    CHECK_FALSE(equal_in_constant_time("abc", "ab"));
    CHECK(random_hex(32).size() == 64);
    CHECK(random_hex(32) != random_hex(32));
}

TEST_CASE("times are UTC with microseconds") {
    const auto at = from_unix_ms(1763640000123) + std::chrono::microseconds(456);
    CHECK(timestamp(at) == "2025-11-20T12:00:00.123456Z");
    CHECK(compact_timestamp(at) == "20251120T120000Z");
    CHECK(unix_ms(at) == 1763640000123);
}

TEST_CASE("a problem has the members of RFC 9457, and all errors") {
    const auto json = to_json(problems::invalid({{"/a", "wrong"}, {"/b", "wrong too"}}));
    CHECK(json["type"] == "urn:switchyard:problem:invalid");
    CHECK(json["status"] == 422);
    CHECK(json["errors"].size() == 2);
    CHECK(json["errors"][1]["pointer"] == "/b");
    CHECK(to_json(problems::stale(43))["generation"] == 43);
}

TEST_CASE("what cannot be read says its name, and that it is a folder when it is one") {
    const ScratchDir dir;
    const std::string file = dir / "plan.json";
    CHECK(file_bytes(file).error().detail == file + " cannot be read: No such file or directory");
    CHECK(file_bytes(dir.path).error().detail == dir.path + " cannot be read: it is a folder");
    std::ofstream(file, std::ios::binary) << std::string("a\0\r\n", 4);
    CHECK(*file_bytes(file) == std::string("a\0\r\n", 4));
}
