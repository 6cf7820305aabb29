// A configuration file with the overlays that were given with it, as one document.
//
// Invariants: of one file the text is the file's, byte by byte; of several it is the document that they make, and
// `hash`
//   stands for all of them, so that a change in any is a change.
// Threads: any; blocks on the disk. Errors: a file that cannot be read or is no JSON object, with its name.
#pragma once

#include <string>
#include <vector>

#include "config/merge/layers.h"
#include "control/base/result.h"

namespace switchyard::control {

struct LayeredFile {
    std::string bytes;
    std::string hash;                   // SHA-256, in hex
    std::vector<config::Layer> layers;  // empty: one file
};

Result<LayeredFile> read_layered_file(const std::string& path, const std::vector<std::string>& overlays);
// "base.json + prod.json"
std::string name_of_layers(const std::string& path, const std::vector<std::string>& overlays);

}  // namespace switchyard::control
