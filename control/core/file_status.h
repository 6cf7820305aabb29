// What became of the configuration file when it was looked at last.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "control/base/problem.h"

namespace switchyard::control {

struct FileStatus {
    enum class Word : std::uint8_t {
        taken,     // what it says is in force, but for what was changed at run time
        conflict,  // it contradicts changes at run time
        invalid,   // it is no configuration
        refused,   // something else said no: the guard, another `process`, a full disk
        unread,    // it cannot be read
    };
    std::string path;
    std::string hash;  // SHA-256 of its bytes; empty: unread
    Word word = Word::taken;
    std::string since;               // UTC, microseconds
    std::optional<Problem> problem;  // unless taken
};

const char* word(FileStatus::Word word);
// Why a file was not taken over, in one word.
FileStatus::Word word_of(const Problem& problem);

}  // namespace switchyard::control
