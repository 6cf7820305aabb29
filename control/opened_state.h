// What a start finds: the configuration file, the state directory, and what the store in it has kept.
//
// Which directory: the one that was given, else the file's process.state_dir – also of a file that is wrong elsewhere
// –, else the default one. One that cannot be written is read all the same; changes are refused then
// (Store::open_copy). Invariants: without a state to go on from, a file that cannot be taken is the error, and nothing
// was made. Threads: control; blocks on the disk.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "control/control.h"
#include "control/core/config_file.h"
#include "control/resume.h"
#include "control/state_dir.h"
#include "control/store/store.h"

namespace switchyard::control {

struct Kept {
    FileAtStart file;
    StateAtStart state;
    std::map<std::string, std::string> journals;  // of rollouts
    std::map<std::string, std::string> releases;  // their records
};

struct OpenedState {
    std::unique_ptr<StateDir> dir;
    std::unique_ptr<Store> store;   // to be written to
    std::unique_ptr<Store> reader;  // of the same state
    Kept kept;
    std::vector<std::string> notices;  // for the operator
};

// The state of a process whose place this one takes, with its lock. The file is not looked at.
Result<OpenedState> open_inherited(const std::string& folder, int lock);
// `place`: the configuration file with its overlays.
Result<OpenedState> open_state(const ConfigPlace& place, const Control::Options& options);

}  // namespace switchyard::control
