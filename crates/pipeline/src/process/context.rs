//! Which tables and adapter made a batch.

use std::sync::Arc;

use cresset_model::provenance::{Context, TableInfo};
use cresset_model::query::AddressField;
use cresset_model::tables::Tables;

use super::{Pipeline, Scratch};
use crate::normalize::Adapter;

/// The name of a geography that is asked over the network.
const REMOTE: &str = "remote";

/// The context of the last batch.
#[derive(Debug)]
pub(super) struct CachedContext {
    adapter: Adapter,
    geo: Option<TableInfo>,
    user: Option<TableInfo>,
    context: Arc<Context>,
}

impl Pipeline {
    /// The context; the same value as before while tables and adapter are the same.
    pub(super) fn context(&self, tables: &Tables, scratch: &mut Scratch) -> Arc<Context> {
        let adapter = self.spec.adapter;
        let geo = self.geo(tables);
        let user = info_of(
            self.spec.user_of,
            tables.users.as_ref().map(|table| &table.info),
        );
        if let Some(cached) = &scratch.context
            && cached.adapter == adapter
            && cached.geo == geo
            && cached.user == user
        {
            return Arc::clone(&cached.context);
        }
        let context = Arc::new(Context {
            adapter: adapter.version().to_owned(),
            geo: geo.clone(),
            user: user.clone(),
            formats: adapter.formats(),
        });
        scratch.context = Some(CachedContext {
            adapter,
            geo,
            user,
            context: Arc::clone(&context),
        });
        context
    }

    /// The geography behind `country`: the table of countries, else that with cities.
    fn geo(&self, tables: &Tables) -> Option<TableInfo> {
        let country = tables.geo.as_ref().map(|table| &table.info);
        let city = tables.city.as_ref().map(|table| &table.info);
        let remote = || {
            let of = self.spec.city_of.filter(|_| self.spec.remote_geo)?;
            Some(TableInfo {
                of: of.as_str().to_owned(),
                name: REMOTE.to_owned(),
                ..TableInfo::default()
            })
        };
        info_of(self.spec.geo_of, country)
            .or_else(|| info_of(self.spec.city_of, city))
            .or_else(remote)
    }
}

fn info_of(field: Option<AddressField>, info: Option<&TableInfo>) -> Option<TableInfo> {
    Some(TableInfo {
        of: field?.as_str().to_owned(),
        ..info?.clone()
    })
}
