#include "config/merge/layers.h"

#include <fmt/format.h>

namespace switchyard::config {

namespace {

using Json = nlohmann::ordered_json;

// RFC 6901; an escape that is none stays as it is.
std::vector<std::string> steps_of(std::string_view pointer) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < pointer.size();) {
        const auto end = std::min(pointer.find('/', at + 1), pointer.size());
        std::string step;
        for (std::size_t i = at + 1; i < end; ++i) {
            const bool escaped = pointer[i] == '~' && i + 1 < end && (pointer[i + 1] == '0' || pointer[i + 1] == '1');
            step += escaped ? (pointer[++i] == '0' ? '~' : '/') : pointer[i];
        }
        out.push_back(std::move(step));
        at = end;
    }
    return out;
}

// Whether the layer has a say about the place: it is in it, or below something that the layer replaces as a whole.
bool speaks_of(const Json& document, const std::vector<std::string>& steps) {
    const Json* here = &document;
    for (const auto& step : steps) {
        if (!here->is_object()) return true;
        const auto next = here->find(step);
        if (next == here->end()) return false;
        here = &*next;
    }
    return true;
}

}  // namespace

Json merged(const std::vector<Layer>& layers) {
    Json out;
    for (const auto& layer : layers)
        if (&layer == &layers.front())
            out = layer.document;
        else
            out.merge_patch(layer.document);
    return out;
}

const std::string& source_of(const std::vector<Layer>& layers, std::string_view pointer) {
    // What is missing is missing where it would stand: below the nearest place that is written.
    for (auto steps = steps_of(pointer);; steps.pop_back()) {
        for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer)
            if (!steps.empty() && speaks_of(layer->document, steps)) return layer->name;
        if (steps.empty()) return layers.front().name;
    }
}

void name_layers(const std::vector<Layer>& layers, std::vector<Error>& errors) {
    if (layers.size() < 2) return;
    for (auto& error : errors)
        if (!error.pointer.empty()) error.detail += fmt::format(" (from {})", source_of(layers, error.pointer));
}

}  // namespace switchyard::config
