// A commit as the tests of the store make them.
#pragma once

#include <string>

#include "control/store/records.h"

inline switchyard::control::Commit commit_of(std::uint64_t number) {
    switchyard::control::Commit c;
    c.generation = {number,
                    number - 1,
                    "{\"n\": " + std::to_string(number) + "}",
                    "2026-11-20T12:00:00.000000Z",
                    "ci",
                    "127.0.0.1",
                    "switch",
                    "release",
                    {"route forum: split blue 100 → 0, green 0 → 100"}};
    return c;
}
