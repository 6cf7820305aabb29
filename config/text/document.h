// JSON text with comments → a document whose keys keep their order, or what is wrong with it.
//
// Invariants: no object of a document that is given out has a key twice; nesting is at most limits::kDocumentDepth.
// Threads: pure functions. Errors: a syntax error names line and column; a repeated key its pointer.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "config/text/error.h"

namespace switchyard::config {

namespace limits {
inline constexpr std::size_t kDocumentBytes = 16U << 20U;  // a document is held in memory several times over
inline constexpr int kDocumentDepth = 64;                  // nesting of JSON; the deepest real document has 12
}  // namespace limits

struct DocumentResult {
    std::optional<nlohmann::ordered_json> document;  // set unless the text is no JSON; check `errors` all the same
    std::vector<Error> errors;
};

DocumentResult read_document(std::string_view text);

}  // namespace switchyard::config
