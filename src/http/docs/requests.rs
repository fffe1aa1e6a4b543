//! Request bodies in the document: they say that unknown members are refused, as the service does.

use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{Components, OpenApi, Ref, RefOr, Schema};

use super::errors::operations;

/// Closes the schema of every JSON body, and of the objects that are declared inside it.
pub fn close(document: &mut OpenApi) {
    let all = document.paths.paths.values_mut().flat_map(operations);
    let mut open: Vec<String> = all
        .filter_map(|operation| {
            let RefOr::T(body) = operation.request_body.as_ref()? else { return None };
            let content = body.content.get("application/json")?;
            let RefOr::T(content) = content else { return None };
            content.schema.as_ref().and_then(named)
        })
        .collect();
    let Some(components) = &mut document.components else { return };
    while let Some(name) = open.pop() {
        open.extend(close_one(components, &name));
    }
}

/// Closes one schema; answers the names of those it refers to.
fn close_one(components: &mut Components, name: &str) -> Vec<String> {
    let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(name) else { return Vec::new() };
    object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
    object.properties.values().filter_map(named).collect()
}

fn named(schema: &RefOr<Schema>) -> Option<String> {
    let RefOr::Ref(Ref { ref_location, .. }) = schema else { return None };
    ref_location.strip_prefix("#/components/schemas/").map(str::to_owned)
}
