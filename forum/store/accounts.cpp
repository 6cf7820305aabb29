#include "forum/store/accounts.h"

#include "forum/auth/digest.h"
#include "forum/domain/ascii.h"
#include "forum/domain/public_id.h"

namespace forum {

namespace {

#define ACCOUNT_COLUMNS                                                                                                \
    "SELECT id, public_id, username, display_name, about, password_hash, role, created_at, banned_until, ban_reason, " \
    "edit_version FROM users "

std::optional<Account> account_from(Query query) {
    if (!query.step()) return std::nullopt;
    Account account;
    account.row = query.integer(0);
    account.public_id = query.text(1);
    account.username = query.text(2);
    account.display_name = query.text(3);
    account.about = query.text(4);
    account.password_hash = query.text(5);
    account.role = role_named(query.view(6)).value_or(Role::member);
    account.created_at = query.integer(7);
    account.banned_until = query.integer(8);
    account.ban_reason = query.text(9);
    account.edit_version = query.integer(10);
    return account;
}

}  // namespace

std::optional<Account> account_named(Connection& connection, std::string_view username) {
    if (!is_ascii(username)) return std::nullopt;  // as no name is
    return account_from(std::move(connection.query(ACCOUNT_COLUMNS "WHERE username = ?"_sql).with(username)));
}

std::optional<Account> account_at(Connection& connection, std::int64_t row) {
    return account_from(std::move(connection.query(ACCOUNT_COLUMNS "WHERE id = ?"_sql).with(row)));
}

Account add_account(Connection& connection, std::string_view username, std::string_view password_hash, Role role,
                    Instant at) {
    connection
        .query("INSERT INTO users (public_id, username, password_hash, role, created_at) VALUES (?, ?, ?, ?, ?)"_sql)
        .with(public_id_from(random_bits()), username, password_hash, name_of(role), at)
        .run();
    return account_at(connection, connection.last_row_id()).value();
}

void set_profile(Connection& connection, std::int64_t row, std::string_view display_name, std::string_view about) {
    connection
        .query("UPDATE users SET display_name = ?2, about = ?3, edit_version = edit_version + 1 WHERE id = ?1"_sql)
        .with(row, display_name, about)
        .run();
}

void set_password_hash(Connection& connection, std::int64_t row, std::string_view password_hash) {
    connection.query("UPDATE users SET password_hash = ?2 WHERE id = ?1"_sql).with(row, password_hash).run();
}

void set_role(Connection& connection, std::int64_t row, Role role) {
    connection.query("UPDATE users SET role = ?2, edit_version = edit_version + 1 WHERE id = ?1"_sql)
        .with(row, name_of(role))
        .run();
}

void set_ban(Connection& connection, std::int64_t row, Instant until, std::string_view reason) {
    connection
        .query("UPDATE users SET banned_until = ?2, ban_reason = ?3, edit_version = edit_version + 1 WHERE id = ?1"_sql)
        .with(row, until, reason)
        .run();
}

std::int64_t admins_counted(Connection& connection) {
    Query count = connection.query("SELECT count(*) FROM users WHERE role = 'admin'"_sql);
    count.step();
    return count.integer(0);
}

void add_setup_token(Connection& connection, std::string_view token_hash, Instant at) {
    connection
        .query(
            "INSERT INTO setup_tokens (token_hash, created_at) VALUES (?, ?) ON CONFLICT (token_hash) DO NOTHING"_sql)
        .with(token_hash, at)
        .run();
}

bool use_setup_token(Connection& connection, std::string_view token_hash) {
    if (admins_counted(connection) > 0) return false;
    if (!connection.query("SELECT 1 FROM setup_tokens WHERE token_hash = ?"_sql).with(token_hash).step()) return false;
    connection.query("DELETE FROM setup_tokens"_sql).run();
    return true;
}

}  // namespace forum
