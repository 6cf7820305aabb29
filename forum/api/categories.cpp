#include "forum/api/categories.h"

#include "forum/api/entity_tag.h"
#include "forum/api/json_input.h"
#include "forum/api/json_text.h"
#include "forum/domain/content_rules.h"
#include "forum/store/categories.h"

namespace forum {

namespace {

constexpr std::int64_t kPositionMost = 1'000'000;

void write_category(JsonText& json, const Category& category) {
    json.begin_object()
        .member("slug", category.slug)
        .member("name", category.name)
        .member("description", category.description)
        .member("position", category.position)
        .member("posting_role", name_of(category.posting_role))
        .member("version", category.edit_version)
        .end_object();
}

Role posting_role(JsonInput& input, Role otherwise) {
    const auto name = input.maybe_text("posting_role");
    if (!name) return otherwise;
    const auto role = role_named(*name);
    if (!role || *role == Role::guest) {
        input.errors().push_back({"/posting_role", "must be member, moderator or admin"});
        return otherwise;
    }
    return *role;
}

Answer category_answer(int status, const Category& category) {
    JsonText json;
    write_category(json, category);
    Answer answer = json_answer(status, json.take());
    answer.etag = versioned_tag(category.edit_version, answer.body);
    return answer;
}

}  // namespace

Answer list_categories(Service& service, const Call&) {
    return service.store.readers.with([&](Connection& connection) {
        JsonText json;
        json.begin_object().key("items").begin_array();
        for (const Category& category : categories(connection)) write_category(json, category);
        json.end_array().end_object();
        return json_answer(200, json.take());
    });
}

Answer create_category(Service& service, const Call& call) {
    JsonInput input(call);
    Category category;
    category.slug = input.text("slug");
    category.name = input.text("name");
    category.description = input.maybe_text("description").value_or("");
    category.position = input.maybe_integer("position", 0, kPositionMost).value_or(0);
    category.posting_role = posting_role(input, Role::member);
    if (input.errors().empty()) {
        check_slug(category.slug, input.errors());
        check_category_name(category.name, input.errors());
        check_description(category.description, input.errors());
    }
    input.finish();
    return run_change(service, call, [&](Connection& connection) {
        if (category_named(connection, category.slug)) {
            refuse(409, "slug-taken", "there is a category of this slug", {{"/slug", "is taken"}});
        }
        add_category(connection, category, now());
        return category_answer(201, category);
    });
}

Answer edit_category(Service& service, const Call& call) {
    JsonInput input(call);
    const auto name = input.maybe_text("name");
    const auto description = input.maybe_text("description");
    const auto position = input.maybe_integer("position", 0, kPositionMost);
    const Role role = posting_role(input, Role::guest);
    if (name) check_category_name(*name, input.errors());
    if (description) check_description(*description, input.errors());
    input.finish();
    return run_change(service, call, [&](Connection& connection) {
        auto category = category_named(connection, call.arguments.at(0));
        if (!category) refuse_not_found("category");
        if (!call.if_match.empty() && !version_matches(call.if_match, category->edit_version)) {
            refuse(412, "edited-meanwhile", "the category was changed meanwhile; read it again");
        }
        category->name = name.value_or(category->name);
        category->description = description.value_or(category->description);
        category->position = position.value_or(category->position);
        if (role != Role::guest) category->posting_role = role;
        set_category(connection, *category);
        ++category->edit_version;
        return category_answer(200, *category);
    });
}

}  // namespace forum
