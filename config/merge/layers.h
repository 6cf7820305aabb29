// A configuration in layers: one document, and others that each patch what stands before them (RFC 7396).
//
// Objects are patched key by key, null takes a key away, all else – lists too – is replaced as a whole.
// Invariants: source_of() names the layer that brought what stands at a pointer of the merged document, or that took
//   it away; what no layer speaks of is the first one's.
// Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config/text/error.h"

namespace switchyard::config {

struct Layer {
    std::string name;  // the file's, as it was given
    nlohmann::ordered_json document;
};

nlohmann::ordered_json merged(const std::vector<Layer>& layers);
const std::string& source_of(const std::vector<Layer>& layers, std::string_view pointer);
// Each error says which layer it comes from; nothing to say where there is one.
void name_layers(const std::vector<Layer>& layers, std::vector<Error>& errors);

}  // namespace switchyard::config
