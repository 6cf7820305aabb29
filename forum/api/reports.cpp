#include "forum/api/reports.h"

#include "forum/api/comments.h"
#include "forum/api/item_page.h"
#include "forum/api/json_input.h"
#include "forum/api/posts.h"
#include "forum/domain/content_rules.h"
#include "forum/store/moderation.h"

namespace forum {

namespace {

void write_text_or_null(JsonText& json, std::string_view name, const std::string& text) {
    json.key(name);
    if (text.empty()) {
        json.null();
    } else {
        json.value(text);
    }
}

void write_report(JsonText& json, const Report& report) {
    json.begin_object().member("id", report.public_id).member("post", report.post);
    write_text_or_null(json, "comment", report.comment);
    json.member("reporter", report.reporter)
        .member("reason", report.reason)
        .key("created_at")
        .instant(report.created_at)
        .key("resolved_at")
        .instant(report.resolved_at);
    write_text_or_null(json, "resolved_by", report.resolved_by);
    json.member("resolution", report.resolution).end_object();
}

Answer report_answer(int status, const Report& report) {
    JsonText json;
    write_report(json, report);
    return json_answer(status, json.take());
}

std::string reason_from(const Call& call) {
    JsonInput input(call);
    std::string reason = input.text("reason");
    if (input.errors().empty()) check_reason(reason, input.errors());
    input.finish();
    return reason;
}

}  // namespace

Answer report_post(Service& service, const Call& call) {
    const std::string reason = reason_from(call);
    return run_change(service, call, [&](Connection& connection) {
        const Post post = post_to_show(connection, call);
        const std::string id = add_report(connection, post.row, std::nullopt, call.caller.row, reason, now());
        return report_answer(201, report_named(connection, id).value());
    });
}

Answer report_comment(Service& service, const Call& call) {
    const std::string reason = reason_from(call);
    return run_change(service, call, [&](Connection& connection) {
        const Comment comment = comment_to_show(connection, call);
        const std::string id = add_report(connection, comment.post_row, comment.row, call.caller.row, reason, now());
        return report_answer(201, report_named(connection, id).value());
    });
}

Answer list_reports(Service& service, const Call& call) {
    const int limit = page_limit(call);
    const std::string state = call.parameter("state").value_or("open");
    if (state != "open" && state != "resolved") refuse(400, "bad-parameter", "state must be open or resolved");
    const std::string list = "reports:" + state;
    const std::int64_t before = row_before(service.cursors, call, list);
    return service.store.readers.with([&](Connection& connection) {
        std::vector<Report> reports = list_reports(connection, state == "resolved", before, limit + 1);
        return items_page(
            service.cursors, list, reports, limit,
            [](const Report& last) {
                return Cursor{"", last.row};
            },
            &write_report);
    });
}

Answer resolve_report(Service& service, const Call& call) {
    JsonInput input(call);
    const std::string resolution = input.text("resolution");
    FieldErrors errors;
    check_reason(resolution, errors);
    if (input.errors().empty() && !errors.empty()) input.errors().push_back({"/resolution", errors[0].detail});
    input.finish();
    return run_change(service, call, [&](Connection& connection) {
        const auto report = report_named(connection, call.arguments.at(0));
        if (!report) refuse_not_found("report");
        if (report->resolved_at) refuse(409, "resolved", "this report is resolved already");
        resolve_report(connection, report->row, call.caller.row, resolution, now());
        log_deed(connection, call.caller.row, "resolve report", report->public_id, resolution, now());
        return report_answer(200, report_named(connection, report->public_id).value());
    });
}

}  // namespace forum
