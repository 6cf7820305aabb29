#include "config/parse.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/check/validate.h"
#include "config/fields/fields_process.h"
#include "config/fields/fields_route.h"
#include "config/fields/fields_upstream.h"
#include "config/fields/reader.h"
#include "config/model/expression.h"
#include "config/text/document.h"
#include "config/text/pointer.h"

namespace switchyard::config {

namespace {

// With one of the great sections unreadable, every reference into it would be reported as well.
bool section_is_lost(const std::vector<Error>& errors) {
    return std::ranges::any_of(errors, [](const Error& e) { return std::ranges::count(e.pointer, '/') <= 1; });
}

enum class Origin : bool { text, store };

ParseResult finish(Model model, Mistakes found, Origin source) {
    const auto taken = source == Origin::store ? Taken::in(model) : Taken();
    auto& errors = found.errors;
    if (errors.empty()) {
        errors = validate(model, taken);
        if (errors.empty()) return {std::move(model), {}};
        return {std::nullopt, std::move(errors)};
    }
    if (!section_is_lost(errors)) {
        // The rest is checked too, so that one run shows everything; not where a value is already known to be wrong.
        const auto count = static_cast<std::ptrdiff_t>(errors.size());
        auto rest = mistakes_in(model, taken);
        found.more += rest.more;
        for (auto& error : rest.errors) {
            const bool known = std::any_of(errors.begin(), errors.begin() + count,
                                           [&](const Error& e) { return on_one_line(e.pointer, error.pointer); });
            if (!known) errors.push_back(std::move(error));
        }
    }
    found.close();
    return {std::nullopt, std::move(errors)};
}

ParseResult read_model(const nlohmann::ordered_json& document, std::vector<Error> errors,
                       Origin source = Origin::text) {
    Model model;
    Reader reader;
    reader.errors = std::move(errors);
    reader.read(document, "", Field{}, model);
    return finish(std::move(model), {std::move(reader.errors), reader.more}, source);
}

}  // namespace

ParseResult parse(std::string_view text) {
    auto result = read_document(text);
    if (!result.document) return {std::nullopt, std::move(result.errors)};
    return read_model(*result.document, std::move(result.errors));
}

ParseResult parse_stored(std::string_view text) {
    auto result = read_document(text);
    if (!result.document) return {std::nullopt, std::move(result.errors)};
    return read_model(*result.document, std::move(result.errors), Origin::store);
}

ParseResult parse_document(const nlohmann::ordered_json& document) {
    return read_model(document, {});
}

}  // namespace switchyard::config
