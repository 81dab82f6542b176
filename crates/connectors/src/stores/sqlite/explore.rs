//! Counts over alerts: by the live index where it answers, otherwise over the newest rows.

use std::sync::Arc;

use cresset_model::AlertId;
use cresset_model::Timestamp;
use cresset_model::alert::AlertRow;
use cresset_model::ip;
use cresset_model::ip::Network;
use cresset_model::ports::{
    BoxFuture, Explore, FACET_VALUES_MAX, PageRequest, PortError, Related, Total,
};
use cresset_model::query::{
    AddressField, Buckets, Facet, FacetField, FacetTally, Field, Filter, Histogram, Pattern,
    Ranking, RankingTally, SeverityCounts, Summary, Test, TextField, TimeField, TimeTally, Window,
};
use rusqlite::Connection;

use super::error::Failure;
use super::feed::Feed;
use super::store::SqliteStore;
use super::{list, read};

impl Explore for SqliteStore {
    fn facets(
        &self,
        filter: Filter,
        fields: Vec<FacetField>,
        top: usize,
    ) -> BoxFuture<'_, Result<Vec<Facet>, PortError>> {
        let top = top.min(FACET_VALUES_MAX);
        let feed = Arc::clone(&self.feed);
        let is_walk = feed.leaves_a_walk(&filter);
        let read = move |connection: &Connection| {
            if let Some(facets) = feed.ask(|index| index.facets(&filter, &fields, top)) {
                return Ok(facets);
            }
            let tally = |field: &FacetField| FacetTally::new(&filter, *field);
            let mut tallies: Vec<FacetTally> = fields.iter().map(tally).collect();
            let exact = list::newest(connection, |row| {
                for tally in &mut tallies {
                    tally.add(row);
                }
            })?;
            let finish = |tally: FacetTally| tally.finish(top, exact);
            Ok(tallies.into_iter().map(finish).collect())
        };
        Box::pin(self.counted(is_walk, read))
    }

    fn ranking(
        &self,
        filter: Filter,
        field: FacetField,
        top: usize,
    ) -> BoxFuture<'_, Result<Ranking, PortError>> {
        let top = top.min(FACET_VALUES_MAX);
        let feed = Arc::clone(&self.feed);
        let is_walk = feed.leaves_a_walk(&filter);
        let read = move |connection: &Connection| {
            if let Some(ranking) = feed.ask(|index| index.ranking(&filter, field, top)) {
                return Ok(ranking);
            }
            let mut tally = RankingTally::new(filter, field);
            let exact = list::newest(connection, |row| tally.add(row))?;
            Ok(tally.finish(top, exact))
        };
        Box::pin(self.counted(is_walk, read))
    }

    fn histogram(
        &self,
        filter: Filter,
        field: TimeField,
        buckets: Buckets,
    ) -> BoxFuture<'_, Result<Histogram, PortError>> {
        let feed = Arc::clone(&self.feed);
        let is_walk = feed.leaves_a_walk(&filter);
        let read = move |connection: &Connection| {
            let (counts, exact) = times(connection, &feed, &filter, (field, buckets.edges()))?;
            Ok(Histogram {
                field,
                buckets,
                counts,
                exact,
            })
        };
        Box::pin(self.counted(is_walk, read))
    }

    fn summary(
        &self,
        filter: Filter,
        window: Window,
        parts: usize,
    ) -> BoxFuture<'_, Result<Summary, PortError>> {
        let feed = Arc::clone(&self.feed);
        let is_walk = feed.leaves_a_walk(&filter);
        let read = move |connection: &Connection| {
            let field = TimeField::IngestedAt;
            let filter = filter.without(Field::Time(field));
            let mut edges = vec![window.before().from];
            edges.extend(window.edges(parts));
            let (mut counts, exact) = times(connection, &feed, &filter, (field, edges))?;
            let before = counts.remove(0);
            let mut now = SeverityCounts::default();
            for part in &counts {
                now.merge(part);
            }
            Ok(Summary {
                window,
                now,
                before,
                parts: counts,
                exact,
            })
        };
        Box::pin(self.counted(is_walk, read))
    }

    fn related(
        &self,
        id: AlertId,
        newest: usize,
    ) -> BoxFuture<'_, Result<Option<Vec<Related>>, PortError>> {
        let feed = Arc::clone(&self.feed);
        Box::pin(self.readers.read(move |connection| {
            let Some(row) = read::row(connection, id)? else {
                return Ok(None);
            };
            let shared = shared_values(&row);
            let related = shared.into_iter().map(|(field, value, test)| {
                let filter = Filter::default().and(test);
                others(connection, &feed, (&row, filter, newest)).map(|(total, newest)| Related {
                    field,
                    value,
                    total,
                    newest,
                })
            });
            related.collect::<Result<_, _>>().map(Some)
        }))
    }

    fn values(
        &self,
        field: FacetField,
        part: String,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(String, u64)>, PortError>> {
        let limit = limit.min(FACET_VALUES_MAX);
        let feed = Arc::clone(&self.feed);
        Box::pin(self.readers.read(move |connection| {
            if let Some(values) = feed.ask(|index| index.values(field, &part, limit)) {
                return Ok(values);
            }
            let mut tally = FacetTally::new(&Filter::default(), field);
            let exact = list::newest(connection, |row| tally.add(row))?;
            let facet = tally.finish(usize::MAX, exact);
            let part = part.to_lowercase();
            let values = facet.values.into_iter().filter_map(|value| {
                let text = value.value?;
                let is_met = value.count > 0 && text.to_lowercase().contains(&part);
                is_met.then_some((text, value.count))
            });
            Ok(values.take(limit).collect())
        }))
    }
}

impl SqliteStore {
    /// Runs what counts, as a walk or as a short read.
    pub(super) async fn counted<T, F>(&self, is_walk: bool, read: F) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        if is_walk {
            return self.readers.walk(read).await;
        }
        self.readers.read(read).await
    }
}

/// Counts between edges, and whether they are exact.
fn times(
    connection: &Connection,
    feed: &Feed,
    filter: &Filter,
    (field, edges): (TimeField, Vec<Timestamp>),
) -> Result<(Vec<SeverityCounts>, bool), Failure> {
    if let Some(counts) = feed.ask(|index| index.times(filter, field, &edges)) {
        return Ok((counts, true));
    }
    let mut tally = TimeTally::new(filter.clone(), field, edges);
    let exact = list::newest(connection, |row| tally.add(row))?;
    Ok((tally.finish(), exact))
}

/// What others may have in common with an alert: field, value, and the test for it.
fn shared_values(row: &AlertRow) -> Vec<(FacetField, String, Test)> {
    let exactly = |base: std::net::IpAddr| {
        let prefix = if base.is_ipv4() { 32 } else { 128 };
        vec![Network { base, prefix }]
    };
    let mut shared = Vec::new();
    if let Some(dst_ip) = row.dst_ip {
        let test = Test::Address(AddressField::DstIp, exactly(dst_ip));
        shared.push((FacetField::DstIp, ip::to_string(dst_ip), test));
    }
    let test = Test::Address(AddressField::SrcIp, exactly(row.src_ip));
    shared.push((FacetField::SrcIp, ip::to_string(row.src_ip), test));
    if let Some(user) = row.user.clone().filter(|user| !user.is_empty()) {
        let test = Test::Text(TextField::User, vec![Pattern::Exact(user.clone())]);
        shared.push((FacetField::User, user, test));
    }
    shared
}

/// How many alerts but this one pass, and the newest of them.
fn others(
    connection: &Connection,
    feed: &Feed,
    (row, filter, newest): (&AlertRow, Filter, usize),
) -> Result<(Total, Vec<AlertRow>), Failure> {
    let page = PageRequest {
        before: None,
        limit: newest.saturating_add(1),
        total: false,
    };
    let page = match list::by_index(connection, feed, &filter, page)? {
        Some(page) => page,
        None => list::walk(connection, &filter, page)?,
    };
    let total = match feed.ask(|index| index.count(&filter, None)) {
        Some(value) => Total { value, exact: true },
        None => list::count(connection, &filter)?,
    };
    let value = total.value.saturating_sub(1);
    let mut items = page.items;
    items.retain(|item| item.id != row.id);
    items.truncate(newest);
    Ok((Total { value, ..total }, items))
}
