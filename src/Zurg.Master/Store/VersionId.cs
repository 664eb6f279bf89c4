using Zurg.Protocol;

namespace Zurg.Master.Store;

/// <summary>
/// A row of the versions table: the revision and the place in its commit in one number, ascending in the order of writing.
/// </summary>
internal readonly record struct VersionId(long Value)
{
    // More than StoreCommit.OperationsMax; part of the file's format.
    private const int PlacesMax = 128;

    public Revision Revision => new(Value / PlacesMax);

    public static VersionId At(Revision revision, int place) => new((revision.Value * PlacesMax) + place);

    public static VersionId FirstAfter(Revision revision) => At(revision.Next, place: 0);
}
