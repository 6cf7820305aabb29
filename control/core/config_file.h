// The configuration file as it is now.
//
// Threads: control; blocks on the disk. Errors: a file that cannot be read is kFileUnread; what is wrong in it 422.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/model/forward.h"
#include "control/base/layered_file.h"
#include "control/base/result.h"

namespace switchyard::control {

// Where it is: the file, and what is laid over it (control/base/layered_file.h).
struct ConfigPlace {
    std::string path;
    std::vector<std::string> overlays;
    std::string name() const { return name_of_layers(path, overlays); }
};

Result<LayeredFile> read_config_file(const ConfigPlace& place);

// Secrets that stand in it as "…" are references: they have the value that they have in `in_force` (may be null), in
// the route of the same name. That is how `switchyard config --file` writes them.
Result<config::Model> model_of_file(const std::string& bytes, const config::Model* in_force);
// The same; its errors name the layer that brought what is wrong.
Result<config::Model> model_of_file(const LayeredFile& file, const config::Model* in_force);

// A refusal of the whole, as of a port in use, with the layer that brought each thing it names.
Problem with_layers(const Problem& problem, const std::vector<config::Layer>& layers);

// process.state_dir of the document, be the rest of it right or wrong.
std::optional<std::string> state_dir_in(const std::string& bytes);

}  // namespace switchyard::control
