//! Keeps together what belongs together: segments that touch are one recording. With each segment that comes or goes only its
//! neighbours are looked at, so that a new file costs the same in an archive of ten and of a million.

use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};

/// The segment before a place ..
pub(super) const BEFORE: &str = "
SELECT start, path, number, fibre, end FROM segments
WHERE layout = ?1 AND start <= ?2 AND (start, path, number) < (?2, ?3, ?4)
ORDER BY start DESC, path DESC, number DESC LIMIT 1
";
/// .. and after it.
pub(super) const AFTER: &str = "
SELECT start, path, number, fibre, end FROM segments
WHERE layout = ?1 AND start >= ?2 AND (start, path, number) > (?2, ?3, ?4)
ORDER BY start, path, number LIMIT 1
";
/// The last segment from one place to another that begins at ?2 or before; ?2 is not after ?6.
pub(super) const REACHING: &str = "
SELECT start, path, number FROM segments
WHERE layout = ?1 AND start <= ?2 AND (start, path, number) >= (?3, ?4, ?5) AND (start, path, number) <= (?6, ?7, ?8)
ORDER BY start DESC, path DESC, number DESC LIMIT 1
";
/// The recording that a place is in: the last one that begins there or before.
pub(super) const RUN: &str = "
SELECT start, path, number, fibre, last_start, last_path, last_number, end, id FROM recordings
WHERE layout = ?1 AND start <= ?2 AND (start, path, number) <= (?2, ?3, ?4)
ORDER BY start DESC, path DESC, number DESC LIMIT 1
";

/// Where a segment stands in the order of its layout.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) start: i64,
    pub(super) path: String,
    pub(super) number: i64,
}

impl Place {
    pub(super) fn read(row: &Row<'_>, at: usize) -> Result<Self> {
        Ok(Self { start: row.get(at)?, path: row.get(at + 1)?, number: row.get(at + 2)? })
    }
}

/// Segments that follow each other: a recording, or a part of one.
#[derive(Clone, Debug)]
struct Run {
    first: Place,
    /// The first segment's.
    fibre: i64,
    last: Place,
    end: i64,
}

impl Run {
    /// Of one segment.
    fn read(row: &Row<'_>) -> Result<Self> {
        let place = Place::read(row, 0)?;
        Ok(Self { first: place.clone(), fibre: row.get(3)?, last: place, end: row.get(4)? })
    }
}

/// The segments of an index, and the recordings that they are.
pub(super) struct Grouping<'a>(&'a Connection);

impl<'a> Grouping<'a> {
    pub(super) fn new(db: &'a Connection) -> Self {
        Self(db)
    }

    /// Adds the segments of a file that is not there yet.
    pub(super) fn add(
        &self,
        path: &str,
        segments: &[(i64, i64)],
        layout: &str,
        half_sample: i64,
        fibre: &str,
    ) -> Result<()> {
        let layout = self.id(
            "INSERT INTO layouts (layout, half_sample) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET layout = layout RETURNING id",
            params![layout, half_sample],
        )?;
        let fibre = self.id(
            "INSERT INTO fibres (fibre) VALUES (?1) ON CONFLICT DO UPDATE SET fibre = fibre RETURNING id",
            params![fibre],
        )?;
        for (number, &(start, end)) in (0..).zip(segments) {
            let place = Place { start, path: path.to_owned(), number };
            self.0
                .prepare_cached(
                    "INSERT INTO segments (path, number, layout, fibre, start, end) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![path, number, layout, fibre, start, end])?;
            let own = Run { first: place.clone(), fibre, last: place.clone(), end };
            self.regroup(layout, half_sample, &place, Some(own))?;
        }
        Ok(())
    }

    /// Removes all segments of a file.
    pub(super) fn remove(&self, path: &str) -> Result<()> {
        let mut query = self.0.prepare_cached(
            "SELECT s.start, s.path, s.number, s.layout, l.half_sample
             FROM segments s JOIN layouts l ON l.id = s.layout WHERE s.path = ?1",
        )?;
        let segments = query.query_map([path], |row| Ok((Place::read(row, 0)?, row.get(3)?, row.get(4)?)))?;
        for (place, layout, half_sample) in segments.collect::<Result<Vec<_>>>()? {
            // Where it was alone, no neighbour's recording is its own.
            if let Some((run, id)) = self.run(layout, &place)?
                && run.first == run.last
            {
                self.forget(id)?;
            }
            self.0
                .prepare_cached("DELETE FROM segments WHERE path = ?1 AND number = ?2")?
                .execute(params![place.path, place.number])?;
            self.regroup(layout, half_sample, &place, None)?;
        }
        Ok(())
    }

    /// The place from which on a run reaches beyond `start`: nothing of it that stands before does.
    pub(super) fn reaching(&self, layout: i64, first: &Place, last: &Place, start: i64) -> Result<Place> {
        let mut half_sample = self.0.prepare_cached("SELECT half_sample FROM layouts WHERE id = ?1")?;
        let half_sample: i64 = half_sample.query_row([layout], |row| row.get(0))?;
        // Segments of a run may overlap by so much.
        let begins = start.saturating_sub(half_sample).min(last.start);
        let mut query = self.0.prepare_cached(REACHING)?;
        let from = query.query_row(
            params![
                layout,
                begins,
                first.start,
                first.path,
                first.number,
                last.start,
                last.path,
                last.number
            ],
            |row| Place::read(row, 0),
        );
        Ok(from.optional()?.unwrap_or_else(|| first.clone()))
    }

    /// Makes recordings anew of what stands before `place`, of `own`, which stands there, and of what stands after it.
    fn regroup(&self, layout: i64, half_sample: i64, place: &Place, own: Option<Run>) -> Result<()> {
        let before = self.neighbour(BEFORE, layout, place)?;
        let after = self.neighbour(AFTER, layout, place)?;
        let whole_before = before.as_ref().map(|run| self.run(layout, &run.last)).transpose()?.flatten();
        let whole_after = after.as_ref().map(|run| self.run(layout, &run.first)).transpose()?.flatten();
        for (_, id) in whole_before.iter().chain(&whole_after) {
            self.forget(*id)?;
        }
        let before = before.zip(whole_before).map(|(neighbour, (whole, _))| Run {
            last: neighbour.last,
            end: neighbour.end,
            ..whole
        });
        let after = after.zip(whole_after).map(|(neighbour, (whole, _))| Run {
            last: whole.last,
            end: whole.end,
            ..neighbour
        });
        let mut runs: Vec<Run> = Vec::new();
        for run in [before, own, after].into_iter().flatten() {
            match runs
                .last_mut()
                .filter(|last| run.first.start.abs_diff(last.end) <= half_sample.unsigned_abs())
            {
                Some(last) => (last.last, last.end) = (run.last, run.end),
                None => runs.push(run),
            }
        }
        runs.iter().try_for_each(|run| self.note(layout, run))
    }

    fn neighbour(&self, which: &str, layout: i64, place: &Place) -> Result<Option<Run>> {
        let mut query = self.0.prepare_cached(which)?;
        query.query_row(params![layout, place.start, place.path, place.number], Run::read).optional()
    }

    /// The recording that a segment at `place` is in.
    fn run(&self, layout: i64, place: &Place) -> Result<Option<(Run, i64)>> {
        let mut query = self.0.prepare_cached(RUN)?;
        let run = query.query_row(params![layout, place.start, place.path, place.number], |row| {
            let (first, last) = (Place::read(row, 0)?, Place::read(row, 4)?);
            Ok((Run { first, fibre: row.get(3)?, last, end: row.get(7)? }, row.get(8)?))
        });
        run.optional()
    }

    fn note(&self, layout: i64, Run { first, fibre, last, end }: &Run) -> Result<()> {
        let id = self.id(
            "INSERT INTO recordings (layout, fibre, start, path, number, last_start, last_path, last_number, end)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id",
            params![layout, fibre, first.start, first.path, first.number, last.start, last.path, last.number, end],
        )?;
        self.0
            .prepare_cached("INSERT INTO recording_times (id, start, end) VALUES (?1, ?2 / 1e9, ?3 / 1e9)")?
            .execute(params![id, first.start, end])?;
        Ok(())
    }

    fn forget(&self, id: i64) -> Result<()> {
        for query in ["DELETE FROM recordings WHERE id = ?1", "DELETE FROM recording_times WHERE id = ?1"] {
            self.0.prepare_cached(query)?.execute([id])?;
        }
        Ok(())
    }

    fn id(&self, query: &str, values: impl rusqlite::Params) -> Result<i64> {
        self.0.prepare_cached(query)?.query_row(values, |row| row.get(0))
    }
}
