#include "forum/api/post_json.h"

#include "forum/domain/comment_path.h"
#include "forum/domain/markdown.h"

namespace forum {

namespace {

template <class Written>
void write_html(JsonText& json, RenderedTexts& texts, const Written& written) {
    if (written.deleted) {
        json.member("html", std::string_view());
        return;
    }
    const SharedPage html = texts.html_of(written.public_id, written.edit_version, written.body);
    json.member("html", std::string_view(html->body));
}

}  // namespace

Format format_of(Service& service, const Call& call) {
    const std::string format = call.parameter("format").value_or("text");
    if (format != "text" && format != "html") refuse(400, "bad-parameter", "format must be text or html");
    return {format == "html" ? &service.texts : nullptr};
}

void write_post_members(JsonText& json, const Post& post, bool whole, Format format) {
    json.member("id", post.public_id)
        .member("title", post.deleted ? std::string_view("[deleted]") : std::string_view(post.title));
    if (post.deleted) {
        json.member(whole ? "body" : "excerpt", std::string_view());
    } else if (whole) {
        json.member("body", post.body);
    } else {
        std::string plain;
        json.member("excerpt", plain_from_markdown(post.body, plain));
    }
    if (format.html != nullptr) write_html(json, *format.html, post);
    json.member("category", post.category).key("tags").begin_array();
    for (const std::string& tag : split_tags(post.tags)) json.value(tag);
    json.end_array()
        .member("author", post.author)
        .key("created_at")
        .instant(post.created_at)
        .key("edited_at")
        .instant(post.edited_at)
        .member("version", post.edit_version)
        .member("score", post.score)
        .member("comment_count", post.comment_count)
        .key("last_activity")
        .instant(post.last_activity)
        .member("pinned", post.pinned)
        .member("locked", post.locked)
        .member("deleted", post.deleted);
}

void write_comment(JsonText& json, const Comment& comment, Format format) {
    json.begin_object().member("id", comment.public_id).member("post", comment.post).key("parent");
    if (comment.parent.empty()) {
        json.null();
    } else {
        json.value(comment.parent);
    }
    json.member("depth", depth_of(comment.path))
        .member("author", comment.author)
        .member("body", comment.deleted ? std::string_view() : std::string_view(comment.body));
    if (format.html != nullptr) write_html(json, *format.html, comment);
    json.key("created_at")
        .instant(comment.created_at)
        .key("edited_at")
        .instant(comment.edited_at)
        .member("version", comment.edit_version)
        .member("score", comment.score)
        .member("deleted", comment.deleted)
        .end_object();
}

void write_listed_post(JsonText& json, const Post& post) {
    json.begin_object();
    write_post_members(json, post, false);
    json.end_object();
}

void write_posts(JsonText& json, std::string_view name, const std::vector<Post>& posts) {
    json.key(name).begin_array();
    for (const Post& post : posts) write_listed_post(json, post);
    json.end_array();
}

}  // namespace forum
