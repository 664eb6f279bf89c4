using System.Text;

namespace Zurg.Agent.Session;

/// <summary>The cluster that this agent belongs to: that of the first master that let it in, for ever.</summary>
/// <param name="file">Holds the cluster's id as a line of text.</param>
internal sealed class ClusterMembership(string file)
{
    private string? _id = File.Exists(file) ? File.ReadAllText(file).Trim() : null;

    /// <summary>Null before it has joined one.</summary>
    public string? Id => _id;

    /// <summary>Joins, durably, when it belongs to none. False: it belongs to another one.</summary>
    public bool TryJoin(string clusterId)
    {
        if (_id is null)
        {
            Disk.WriteAtomically(file, Encoding.UTF8.GetBytes(clusterId + "\n"));
            _id = clusterId;
        }

        return _id == clusterId;
    }
}
