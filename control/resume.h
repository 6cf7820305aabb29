// With which configuration a start begins: the newest stored generation, with what has changed in the file since it was
// last taken over.
//
// Pure, so that the rule can be read and tested (docs/state.md has the table). Invariants: a start with a stored
// generation never fails for the file's sake: where the file cannot be taken, the stored one is resumed as it is and
// `problem` says why. `process` is always the file's, when there is one. When numbers beyond the newest have been given
// out (the state file is an older copy), it is resumed under the next free one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/merge/layers.h"
#include "config/model.h"
#include "control/base/result.h"
#include "control/core/file_status.h"
#include "control/store/records.h"

namespace switchyard::control {

struct FileAtStart {
    std::optional<config::Model> model;
    std::string hash;
    std::optional<Problem> problem;          // why it cannot be taken, although there may be a model
    std::vector<config::Layer> layers = {};  // that it was made of; empty: one file
};

struct StateAtStart {
    std::optional<Generation> newest;
    std::optional<FileBase> base;
    std::optional<std::string> refused;  // hash of a file that the guard refused
    bool pending = false;                // a change waits for its confirmation
    std::uint64_t next = 1;              // the number of the next generation
    std::function<std::string(const std::string& route)> held_by;
};

struct Beginning {
    config::Model model;
    std::uint64_t generation = 1;
    bool fresh = false;  // a generation that has to be stored before it is used
    std::string verb;    // start | file | resume
    FileStatus::Word file = FileStatus::Word::taken;
    std::optional<Problem> problem;  // unless the file is taken
    bool new_base = false;           // the file becomes the base
};

// `from_file`: the file counts alone.
Result<Beginning> beginning(const FileAtStart& file, const StateAtStart& state, bool from_file);

}  // namespace switchyard::control
