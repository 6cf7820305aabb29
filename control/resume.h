// With which configuration a start begins: the file's, or the newest acknowledged generation.
//
// Pure, so that the rule can be read and tested: the file counts when it is news (first start, or its bytes changed
// since it was last read) or when it is forced; otherwise the newest generation is resumed. When numbers beyond the
// newest have been given out (the state file is an older copy), it is resumed under the next free one.
#pragma once

#include <optional>
#include <string>

#include "config/model.h"
#include "control/base/result.h"
#include "control/store/records.h"

namespace switchyard::control {

struct Beginning {
    config::Model model;
    std::uint64_t generation = 1;
    bool fresh = false;  // a generation that has to be stored before it is used
    std::string verb;    // start | file | resume
};

Result<Beginning> beginning(config::Model file, const std::string& file_hash, const std::optional<Generation>& newest,
                            const std::optional<std::string>& stored_hash, bool from_file, std::uint64_t next);

}  // namespace switchyard::control
