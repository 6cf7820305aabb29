#include "control/core/config_file.h"

#include <nlohmann/json.hpp>

#include "config/parse.h"
#include "config/text/document.h"
#include "control/edits/replace.h"

namespace switchyard::control {

Result<LayeredFile> read_config_file(const ConfigPlace& place) {
    return read_layered_file(place.path, place.overlays);
}

Result<config::Model> model_of_file(const std::string& bytes, const config::Model* in_force) {
    auto read = config::read_document(bytes);
    const bool sound = read.document && read.errors.empty();
    if (sound && in_force != nullptr) edits::restore_secrets(*read.document, *in_force);
    auto parsed = sound ? config::parse(*read.document) : config::parse(std::string_view(bytes));
    if (!parsed.model) return problems::invalid(std::move(parsed.errors));
    return std::move(*parsed.model);
}

Problem with_layers(const Problem& problem, const std::vector<config::Layer>& layers) {
    if (layers.size() < 2 || problem.errors.empty()) return problem;
    auto errors = problem.errors;
    config::name_layers(layers, errors);
    if (problem.kind == problems::invalid(problem.errors).kind) return problems::invalid(std::move(errors));
    Problem out = problem;
    out.errors = std::move(errors);
    return out;
}

Result<config::Model> model_of_file(const LayeredFile& file, const config::Model* in_force) {
    auto model = model_of_file(file.bytes, in_force);
    if (model) return model;
    return with_layers(model.error(), file.layers);
}

std::optional<std::string> state_dir_in(const std::string& bytes) {
    const auto read = config::read_document(bytes);
    if (!read.document || !read.document->is_object()) return std::nullopt;
    const auto process = read.document->find("process");
    if (process == read.document->end() || !process->is_object()) return std::nullopt;
    const auto folder = process->find("state_dir");
    if (folder == process->end() || !folder->is_string()) return std::nullopt;
    return folder->get<std::string>();
}

}  // namespace switchyard::control
