#include "forum/store/categories.h"

#include "forum/domain/ascii.h"

namespace forum {

namespace {

#define CATEGORY_COLUMNS "SELECT id, slug, name, description, position, posting_role, edit_version FROM categories "

Category category_from(const Query& query) {
    Category category;
    category.row = query.integer(0);
    category.slug = query.text(1);
    category.name = query.text(2);
    category.description = query.text(3);
    category.position = query.integer(4);
    category.posting_role = role_named(query.view(5)).value_or(Role::admin);
    category.edit_version = query.integer(6);
    return category;
}

}  // namespace

std::vector<Category> categories(Connection& connection) {
    Query query = connection.query(CATEGORY_COLUMNS "ORDER BY position, slug"_sql);
    std::vector<Category> all;
    while (query.step()) all.push_back(category_from(query));
    return all;
}

std::optional<Category> category_named(Connection& connection, std::string_view slug) {
    if (!is_ascii(slug)) return std::nullopt;  // as no slug is
    Query query = connection.query(CATEGORY_COLUMNS "WHERE slug = ?"_sql);
    query.with(slug);
    if (!query.step()) return std::nullopt;
    return category_from(query);
}

void add_category(Connection& connection, const Category& category, Instant at) {
    connection
        .query(
            "INSERT INTO categories (slug, name, description, position, posting_role, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?)"_sql)
        .with(category.slug, category.name, category.description, category.position, name_of(category.posting_role), at)
        .run();
    connection.touch_lists();
}

void set_category(Connection& connection, const Category& category) {
    connection
        .query(
            "UPDATE categories SET name = ?2, description = ?3, position = ?4, posting_role = ?5, "
            "edit_version = edit_version + 1 WHERE id = ?1"_sql)
        .with(category.row, category.name, category.description, category.position, name_of(category.posting_role))
        .run();
    connection.touch_lists();
}

void try_to_read(Connection& connection) {
    connection.query("SELECT count(*) FROM categories"_sql).step();
}

void try_to_store(Connection& connection) {
    connection.query("UPDATE categories SET position = position WHERE id = (SELECT min(id) FROM categories)"_sql).run();
}

}  // namespace forum
